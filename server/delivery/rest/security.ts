import type { RestApp } from './context.ts';

/** How a key is brought, where the server wants one. */
const SCHEMES = {
  bearerKey: { type: 'http', scheme: 'bearer', description: '`Authorization: Bearer <key>`' },
  headerKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  queryKey: {
    type: 'apiKey',
    in: 'query',
    name: 'api_key',
    description: 'For `EventSource`, which cannot set headers. Addresses end up in logs: prefer a header.',
  },
} as const;

/** Of routes that hand out what the chain says: any one of the three, or none where no keys are configured. */
export const KEYED: Record<string, string[]>[] = [
  {},
  ...Object.keys(SCHEMES).map((name) => ({ [name]: [] })),
];

export function describeSecurity({ openAPIRegistry }: RestApp): void {
  for (const [name, scheme] of Object.entries(SCHEMES))
    openAPIRegistry.registerComponent('securitySchemes', name, scheme);
}
