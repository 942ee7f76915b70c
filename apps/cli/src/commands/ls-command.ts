import { withDeadline } from '../connection/deadline.ts';
import { serverList, type ListFormat } from '../output/server-list.ts';
import { openTarget } from '../connection/open-target.ts';
import type { CommandContext, TargetOptions } from '../connection/target.ts';

export interface LsOptions extends TargetOptions {
  /** How long to wait, for servers that start and for a gateway that answers. */
  readonly timeoutMs: number;
  readonly output: ListFormat;
}

/** `omni ls`: lists servers and their status. @returns The exit code. */
export async function runLs(options: LsOptions, context: CommandContext): Promise<number> {
  const target = await openTarget(options, options.timeoutMs, context);
  try {
    const servers = await withDeadline(options.timeoutMs, context.signal, (signal) => target.servers(signal));
    context.terminal.writeOut(serverList(servers, options.output));
    return 0;
  } finally {
    await target.close();
  }
}
