import { CLIENT_KINDS } from './clients/client.ts';
import type { SoakReport } from './run.ts';

const MOST_LINES = 20;

/** Whether everything was as promised. */
export function isGood({ rounds, mismatches, clients, convergedMs }: SoakReport): boolean {
  return (
    convergedMs.length === rounds &&
    convergedMs.every((ms) => ms !== undefined) &&
    mismatches.length === 0 &&
    clients.every(({ problems }) => problems.length === 0)
  );
}

/** For people. */
export function formatReport(report: SoakReport): string {
  const { options, planned, injected, clients, mismatches, interrupted } = report;
  const minutes = Number((options.durationMs / 60_000).toFixed(2));
  const problems = clients.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`));
  const sum = (of: Iterable<number>) => [...of].reduce((total, count) => total + count, 0);
  return [
    `seed ${options.seed}, ${minutes} minutes, ${options.wallets} wallets x ${options.tokens} tokens`,
    `traffic: ${report.blocks} blocks, ${report.transactions} actions, ${report.failedTransactions} that came to nothing`,
    '',
    `faults injected: ${sum(injected.values())} of ${sum(planned.values())} planned`,
    ...[...planned].sort().map(([kind, count]) => row(kind, `${injected.get(kind) ?? 0} of ${count}`)),
    '',
    `updates delivered: ${sum(clients.map(({ updates }) => updates))} to ${clients.length} clients`,
    ...CLIENT_KINDS.map((kind) => {
      const those = clients.filter((client) => client.kind === kind);
      const updates = sum(those.map((client) => client.updates));
      const streams = sum(those.map((client) => client.connections));
      return row(kind, `${updates} to ${those.length}, over ${streams} streams`);
    }),
    '',
    ...(interrupted ? ['interrupted: what follows is how things stood'] : []),
    ...agreement(report),
    `wrong in what was sent: ${problems.length}`,
    ...few(problems),
    `mismatches: ${mismatches.length}`,
    ...few(
      mismatches.map(
        ({ client, owner, token, spender, holds, chain }) =>
          `${client}: ${token} of ${owner}${spender ? ` to ${spender}` : ''}: holds ${holds}, chain: ${chain}`,
      ),
    ),
    ...(report.health === undefined ? [] : [`health: ${report.health}`]),
  ].join('\n');
}

function agreement({ options, rounds, convergedMs, interrupted }: SoakReport): string[] {
  const times = convergedMs.filter((ms) => ms !== undefined).map((ms) => ms / 1000);
  const slowest = times.length > 0 ? Math.max(...times).toFixed(1) : '-';
  const mean = times.length > 0 ? times.reduce((sum, time) => sum + time, 0) / times.length : 0;
  return [
    `rounds: ${times.length} of ${rounds} came right: ${mean.toFixed(1)} s after quiet on average, ${slowest} s at the most`,
    ...(times.length < convergedMs.length && !interrupted
      ? [`round ${convergedMs.length} did not within ${options.convergeMs / 1000} s`]
      : []),
  ];
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(32)} ${text}`;
}

function few(lines: readonly string[]): string[] {
  const shown = lines.slice(0, MOST_LINES).map((line) => `  ${line}`);
  return lines.length > MOST_LINES ? [...shown, `  and ${lines.length - MOST_LINES} more`] : shown;
}
