import { GatewayError } from '@omni/ports';
import type { Target } from '../connection/target.ts';

/**
 * The failure of a call with what the server wrote, where it names a report and this user is the owner of the
 * gateway, who may read it.
 *
 * @returns The same failure for everybody else.
 */
export async function withOwnerReport(error: unknown, target: Target, signal: AbortSignal): Promise<unknown> {
  const id = error instanceof GatewayError ? /\breport ([0-9a-f]{8})\b/.exec(error.message)?.[1] : undefined;
  if (!(error instanceof GatewayError) || id === undefined) return error;
  // That the status cannot be read is not what failed.
  const servers = await target.servers(signal).catch(() => []);
  const report = servers.flatMap(({ ownerReports }) => ownerReports).find((one) => one.id === id);
  if (report === undefined) return error;
  const lines = report.lines.map((line) => `  ${line}`);
  return new GatewayError(error.code, [`${error.message}:`, ...lines].join('\n'), {
    cause: error,
    hint: error.hint,
  });
}
