import type { OwnerReport } from '../owner-report.ts';
import type { ByteBudget } from '../memory/byte-budget.ts';
import type { ChannelListener, MessageChannel } from './message-channel.ts';

/** How a process ended: one of the two is told. */
export interface ChildExit {
  readonly code: number | null;
  /** E.g. `SIGKILL`. */
  readonly signal: string | null;
}

/** What to run, and within which limits. */
export interface ChildSpec {
  /** Name of the upstream, for messages. */
  readonly upstream: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the filtered environment of Omni. */
  readonly env: Readonly<Record<string, string>>;
  /** Working folder; Omni's own when absent. */
  readonly cwd?: string;
  /**
   * Replaced by `***` wherever the child's output is quoted. Asked for then: more of them come while it runs.
   */
  readonly secretValues: () => readonly string[];
  /**
   * Told what the child wrote last when it ends unasked, before the channel closes; not when it wrote
   * nothing.
   */
  readonly onReport: (report: OwnerReport) => void;
  /** Told how the process ended, asked or not; not where it could not be started. Default: nobody. */
  readonly onExit?: (exit: ChildExit) => void;
  /** Longest line that is read from the child. */
  readonly maxMessageBytes: number;
  /** For lines that are not complete. Default: none is counted. */
  readonly budget?: ByteBudget;
}

/** A running child: its stdin and stdout as messages, one a line. */
export interface ChildChannel extends MessageChannel {
  /** Process id; `undefined` when it could not be started. */
  readonly pid: number | undefined;
}

/**
 * Starts stdio upstreams, each in a process group of its own that never survives it or Omni.
 *
 * A command that cannot be started closes the channel with `OMNI_UPSTREAM_SPAWN_FAILED`; an end that nobody
 * asked for with `OMNI_UPSTREAM_EXITED`, whose message has exit code or signal, and the id of its {@link
 * OwnerReport}.
 */
export interface ChildLauncher {
  launch(spec: ChildSpec, listener: ChannelListener): ChildChannel;
  /**
   * What would be started: text that is another when the folder, the file that the command stands for, its
   * mode, its content or its interpreter is. `undefined` where something that a child needs is not there.
   * Starts nothing. Absent where that cannot be told.
   */
  startable?(spec: Pick<ChildSpec, 'command' | 'cwd' | 'env'>): Promise<string | undefined>;
  /** Ends every child that still runs. */
  close(): Promise<void>;
}
