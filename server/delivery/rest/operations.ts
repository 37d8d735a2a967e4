import { z } from '@hono/zod-openapi';
import type { RestApp } from './context.ts';
import { failures } from './responses.ts';
import { walletParams } from './schemas.ts';

/** What operators ask. Answered beside this app, and documented with it. */
export const chainHealth = z
  .object({
    chainId: z.int().openapi({ example: 1 }),
    name: z.string().openapi({ example: 'Ethereum' }),
    healthy: z.boolean().openapi({ description: 'Whether balances of this chain are being delivered.' }),
    head: z
      .object({
        number: z.int().openapi({ example: 23_000_000 }),
        hash: z.string().regex(/^0x[0-9a-f]{64}$/),
        timestamp: z.iso.datetime(),
      })
      .nullable()
      .openapi({ description: 'The newest block processed.' }),
    lagBlocks: z.int().openapi({ description: 'Blocks announced but not processed yet.', example: 0 }),
    lagSeconds: z.number().nullable().openapi({
      description:
        'Since a head was last heard, and by how much the newest processed is older than that one.',
      example: 3.2,
    }),
    heads: z.enum(['socket', 'polling', 'none']).openapi({ description: 'Where heads come from.' }),
    pendingTouches: z.int().openapi({ description: 'Balances that moved and are not read yet.', example: 0 }),
    oldestConfirmationSeconds: z.number().openapi({
      description:
        'How long ago the balance was read that was confirmed longest ago; 0 where none is watched.',
      example: 42.1,
    }),
    endpoints: z
      .array(
        z.object({
          name: z
            .string()
            .openapi({ description: 'Scheme, host and port.', example: 'https://node.example' }),
          circuit: z.enum(['closed', 'open', 'half-open']).openapi({
            description: 'closed: used; open: it failed and is passed over; half-open: it is being probed.',
          }),
          behind: z.boolean().openapi({ description: 'It lacks blocks that another endpoint has.' }),
          slow: z.boolean().openapi({ description: 'It is far slower than another endpoint.' }),
          headNumber: z
            .int()
            .nullable()
            .openapi({ description: 'The highest block that it is known to have.' }),
          latencySeconds: z.number().nullable().openapi({
            description: 'How long it took to tell its newest block; null before it was asked for it.',
          }),
        }),
      )
      .openapi({ description: 'In the order in which they are asked while all are well.' }),
    lastError: z.string().nullable(),
  })
  .openapi('ChainHealth');

export const health = z
  .object({ status: z.enum(['ok', 'degraded', 'down', 'stopping']), chains: z.array(chainHealth) })
  .openapi('Health');

const HEALTHY: z.input<typeof chainHealth> = {
  chainId: 1,
  name: 'Ethereum',
  healthy: true,
  head: {
    number: 23_000_000,
    hash: '0x7a2f8a5cf0bd5d0ec2b3bb6a9b2a6f3b6f1cf7b8a1f0e5d4c3b2a19080706050',
    timestamp: '2026-11-21T07:00:11.000Z',
  },
  lagBlocks: 0,
  lagSeconds: 3.2,
  heads: 'socket',
  pendingTouches: 0,
  oldestConfirmationSeconds: 42.1,
  endpoints: [
    {
      name: 'wss://node.example',
      circuit: 'closed',
      behind: false,
      slow: false,
      headNumber: 23_000_000,
      latencySeconds: 0.021,
    },
  ],
  lastError: null,
};

const UNHEALTHY: typeof HEALTHY = {
  ...HEALTHY,
  healthy: false,
  lagSeconds: 75.4,
  heads: 'none',
  endpoints: HEALTHY.endpoints.map((endpoint) => ({ ...endpoint, circuit: 'open' as const })),
  lastError: 'wss://node.example: no answer within 3000 ms',
};

const METRICS_EXAMPLE = `# HELP balance_stream_sessions Sessions that are open.
# TYPE balance_stream_sessions gauge
balance_stream_sessions 12
`;

const json = (description: string, schema: z.ZodType, example: unknown) => ({
  description,
  content: { 'application/json': { schema, example } },
});

export function describeOperations({ openAPIRegistry }: RestApp): void {
  const tags = ['operations'];
  openAPIRegistry.registerPath({
    method: 'get',
    path: '/health',
    operationId: 'health',
    tags,
    summary: 'How each chain is.',
    description: 'For load balancers: one chain that is away does not take the process out of service.',
    responses: {
      200: json('At least one chain delivers.', health, { status: 'ok', chains: [HEALTHY] }),
      503: json('None does, or the process is stopping.', health, { status: 'down', chains: [UNHEALTHY] }),
    },
  });
  openAPIRegistry.registerPath({
    method: 'get',
    path: '/health/{chain_id}',
    operationId: 'chainHealth',
    tags,
    summary: 'How one chain is.',
    request: { params: walletParams.pick({ chain_id: true }) },
    responses: {
      200: json('It delivers.', chainHealth, HEALTHY),
      ...failures('chainNotServed'),
      503: json('It does not, or the process is stopping.', chainHealth, UNHEALTHY),
    },
  });
  openAPIRegistry.registerPath({
    method: 'get',
    path: '/livez',
    operationId: 'livez',
    tags,
    summary: 'Whether the process answers at all.',
    responses: { 200: json('It does.', z.object({ status: z.literal('ok') }), { status: 'ok' }) },
  });
  openAPIRegistry.registerPath({
    method: 'get',
    path: '/metrics',
    operationId: 'metrics',
    tags,
    summary: "Prometheus' text format.",
    responses: {
      200: {
        description: 'The metrics.',
        content: { 'text/plain': { schema: z.string(), example: METRICS_EXAMPLE } },
      },
      ...failures('servedApart'),
    },
  });
}
