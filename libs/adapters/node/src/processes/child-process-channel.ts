import { type ChildProcess, spawn } from 'node:child_process';
import {
  type CancelTimer,
  type ChannelListener,
  type ChildChannel,
  type ChildExit,
  type ChildSpec,
  type GatewayError,
  newReportId,
  redactorOf,
  systemClock,
  systemRandom,
} from '@omni/ports';
import { endingOf, exitFailure, spawnFailure } from './child-failure.ts';
import { LineSplitter } from '../sockets/line-splitter.ts';
import { LineWriter } from '../sockets/line-writer.ts';
import { OutputTail } from './output-tail.ts';
import type { ChildFamily } from './child-family.ts';

/** After the leader's exit its last output is read for this long when somebody else holds the pipe open. */
const DRAIN_MS = 80;
/** A child whose pipe broke is usually about to exit; its exit code says more. */
const PIPE_GRACE_MS = 500;
/** How long the system may take to end a killed process before it is given up. */
const KILL_WAIT_MS = 2_000;

const HAS_GROUPS = process.platform !== 'win32';

/** What the launcher decides for all its children. */
export interface ChildProcessChannelOptions {
  readonly environment: Record<string, string>;
  readonly graceMs: number;
  readonly maxBacklogBytes: number;
  /** Takes charge of the child, which has just started, and of all that it starts. */
  readonly familyOf: (leader: number) => ChildFamily;
  /** Called once, when nothing of the child is left. */
  readonly onGone: () => void;
}

/** A child and its group: lines in and out, and an end that leaves nothing behind. */
export class ChildProcessChannel implements ChildChannel {
  readonly #spec: ChildSpec;
  readonly #listener: ChannelListener;
  readonly #options: ChildProcessChannelOptions;
  readonly #tail: OutputTail;
  readonly #splitter: LineSplitter;
  readonly #child: ChildProcess | undefined;
  readonly #writer: LineWriter | undefined;
  readonly #gone: Promise<void>;
  #family: ChildFamily | undefined;
  #resolveGone: () => void = () => {};
  #stopping: 'no' | 'eof' | 'term' | 'kill' = 'no';
  #cancelStep: CancelTimer = () => {};
  #cancelPipeGrace: CancelTimer | undefined;
  #exit: ChildExit | undefined;
  #isReported = false;
  #isGone = false;

  constructor(spec: ChildSpec, listener: ChannelListener, options: ChildProcessChannelOptions) {
    this.#spec = spec;
    this.#listener = listener;
    this.#options = options;
    this.#gone = new Promise((resolve) => (this.#resolveGone = resolve));
    this.#tail = new OutputTail(
      /* guard: child/stderr-secrets */ (text) => redactorOf(spec.secretValues())(text),
    );
    this.#splitter = new LineSplitter(listener, spec.maxMessageBytes, spec.budget);
    try {
      this.#child = spawn(spec.command, spec.args, {
        env: options.environment,
        stdio: 'pipe',
        detached: HAS_GROUPS,
        windowsHide: true,
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      });
    } catch (error) {
      // Node throws for what it refuses itself, e.g. a NUL in an argument. The listener must not hear of it
      // before this returns.
      queueMicrotask(() => this.#failToStart(error));
      return;
    }
    this.#writer = this.#attach(this.#child);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isOpen(): boolean {
    return this.#writer?.isOpen === true;
  }

  send(text: string): boolean {
    return this.#writer !== undefined && this.#writer.send(text);
  }

  /**
   * End of input, then SIGTERM, then SIGKILL to the group. Each further call goes to the next step at once.
   */
  close(): Promise<void> {
    if (this.#exit !== undefined || this.pid === undefined) return this.#gone;
    if (this.#stopping === 'no') this.#endInput();
    else this.#escalate();
    return this.#gone;
  }

  #attach(child: ChildProcess): LineWriter | undefined {
    const { stdin, stdout, stderr } = child;
    child.on('error', (error) => {
      if (child.pid === undefined) this.#failToStart(error);
    });
    // When the system is out of descriptors there are no streams; the error event follows.
    if (child.pid === undefined || stdin === null || stdout === null || stderr === null) {
      stdin?.on('error', () => {});
      return undefined;
    }
    this.#family = this.#options.familyOf(child.pid);
    child.on('exit', (code, signal) => this.#onExit({ code, signal }));
    child.on('close', () => this.#finish());
    stdout.on('data', this.#onStdout);
    stdout.on('error', () => {});
    stdout.on('close', () => this.#onBrokenPipe('stdout'));
    stderr.on('data', (chunk: Buffer) => this.#tail.push(chunk));
    stderr.on('error', () => {});
    const writer = new LineWriter(stdin, this.#options.maxBacklogBytes);
    stdin.on('error', () => {
      writer.abandon();
      this.#onBrokenPipe('stdin');
    });
    return writer;
  }

  readonly #onStdout = (chunk: Buffer): void => {
    if (!this.#isReported) this.#splitter.push(chunk);
  };

  #failToStart(error: unknown): void {
    if (this.#isGone) return;
    this.#child?.stdin?.destroy();
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
    this.#report(spawnFailure(this.#spec, error, this.#options.environment['PATH'] ?? ''));
    this.#settle();
  }

  #endInput(): void {
    this.#stopping = 'eof';
    void this.#writer?.finish().then(() => this.#child?.stdin?.end());
    this.#cancelStep = systemClock.after(this.#options.graceMs, () => this.#escalate());
  }

  #escalate(): void {
    if (this.#exit !== undefined || this.#stopping === 'kill') return;
    this.#cancelStep();
    if (this.#stopping === 'term') {
      this.#stopping = 'kill';
      // guard: child/kill
      this.#family?.signal('SIGKILL');
      this.#cancelStep = systemClock.after(KILL_WAIT_MS, () => this.#finish());
    } else {
      this.#stopping = 'term';
      this.#family?.signal('SIGTERM');
      this.#cancelStep = systemClock.after(this.#options.graceMs, () => this.#escalate());
    }
  }

  /**
   * Bound to the leader's exit and not to the end of its output, which a grandchild may hold open for ever.
   */
  #onExit(exit: ChildExit): void {
    this.#exit = exit;
    this.#spec.onExit?.(exit);
    this.#cancelStep();
    this.#cancelPipeGrace?.();
    this.#writer?.abandon();
    // Wrappers leave their own children behind.
    // guard: child/left-behind
    this.#family?.end();
    this.#cancelStep = systemClock.after(DRAIN_MS, () => setImmediate(() => this.#finish()));
  }

  #onBrokenPipe(pipe: 'stdin' | 'stdout'): void {
    if (this.#exit !== undefined || this.#stopping !== 'no' || this.#cancelPipeGrace !== undefined) return;
    this.#cancelPipeGrace = systemClock.after(PIPE_GRACE_MS, () => {
      if (this.#exit !== undefined || this.#stopping !== 'no') return;
      const ending = `closed its ${pipe} without exiting, so Omni ended it`;
      this.#report(this.#failure(ending, { code: null, signal: null }));
      this.#escalate();
    });
  }

  #finish(): void {
    if (this.#isGone) return;
    this.#cancelStep();
    this.#child?.stdin?.destroy();
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
    if (!this.#isReported) this.#splitter.end();
    this.#splitter.drop();
    const wasAsked = this.#stopping !== 'no';
    this.#report(
      wasAsked || this.#exit === undefined ? undefined : this.#failure(endingOf(this.#exit), this.#exit),
    );
    this.#settle();
  }

  #failure(ending: string, exit: ChildExit): GatewayError {
    const lines = this.#tail.lines();
    if (this.#isReported || lines.length === 0) return exitFailure(this.#spec, ending, exit, undefined);
    const id = newReportId(systemRandom);
    this.#spec.onReport({ id, at: systemClock.now(), what: ending, lines });
    return exitFailure(this.#spec, ending, exit, id);
  }

  #report(reason: GatewayError | undefined): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#listener.onClose(reason);
  }

  #settle(): void {
    this.#isGone = true;
    this.#options.onGone();
    this.#resolveGone();
  }
}
