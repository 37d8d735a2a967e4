# Dependencies first, so that a change of the source does not install them anew.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY server/package.json server/
COPY client/package.json client/
RUN npm install --omit=dev --workspace server --no-audit --no-fund

# The page is built apart: what that takes is not needed to serve it. No script of a package is run: none has to be
# for this, and the workspace's own would build what is not here yet.
FROM node:24-slim AS page
WORKDIR /app
COPY package.json package-lock.json ./
COPY server/package.json server/
COPY client/package.json client/
RUN npm install --workspace client --include-workspace-root --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY client client
RUN npm run build --workspace client

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app ./
COPY server server
COPY --from=page /app/client/page/dist client/page/dist
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${(process.env.HTTP_BIND || ':8080').split(':').pop()}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# node itself, not npm: it is the one that gets the signals.
CMD ["node", "server/main.ts"]
