import { fileURLToPath } from 'node:url';
import type { LoadEvent, LoadJob, LoadOrder, LoadResult, StdioProgram } from './load-job.ts';
import { PinnedProcess, type CorePlan } from './pinned-process.ts';

const START_TIMEOUT_MS = 10_000;
const DRAIN_ALLOWANCE_MS = 20_000;
/** A program that is spawned answers `initialize` within this time. */
const SPAWN_TIMEOUT_MS = 30_000;

/** Called at both ends of the measured time, while the load runs. */
export interface LoadWindow {
  readonly onMeasuring?: () => void;
  readonly onMeasured?: () => void;
}

type OrderEvent = Extract<LoadEvent, { readonly order: number }>;
type OrderKinds = LoadOrder extends infer Order
  ? Order extends LoadOrder
    ? Omit<Order, 'order'>
    : never
  : never;

/**
 * The load generator, a process of its own on the load core. It lives for the whole run, so that it is warm.
 */
export class LoadProcess {
  readonly #process: PinnedProcess;
  #orders = 0;

  private constructor(process: PinnedProcess) {
    this.#process = process;
    process.child.setMaxListeners(0);
  }

  /** Starts it and waits until it takes orders. */
  static async start(cores: CorePlan, logFolder: string): Promise<LoadProcess> {
    const pinned = new PinnedProcess({
      name: 'load',
      core: cores.load,
      command: process.execPath,
      args: [fileURLToPath(new URL('./load.ts', import.meta.url))],
      logFolder,
      ipc: true,
    });
    const load = new LoadProcess(pinned);
    await load.#until((event) => event.kind === 'ready', START_TIMEOUT_MS);
    return load;
  }

  /**
   * Runs one job; several run at the same time when they are asked for before the first has ended. Rejects
   * when it fails or does not end in time.
   */
  async run(job: LoadJob, window: LoadWindow = {}): Promise<LoadResult> {
    const timeoutMs = job.warmUpMs + job.measureMs + DRAIN_ALLOWANCE_MS;
    const last = await this.#order({ kind: 'run', job }, timeoutMs, (event) => {
      if (event.kind === 'measuring') window.onMeasuring?.();
      if (event.kind === 'measured') window.onMeasured?.();
    });
    if (last.kind !== 'done') throw new Error('the load generator gave no result');
    return last.result;
  }

  /**
   * Starts a program on whose standard streams jobs can call the echo tool, greets it, and gives its pid.
   * Rejects when it does not answer as MCP asks.
   */
  async spawn(program: StdioProgram): Promise<number> {
    const last = await this.#order({ kind: 'spawn', program }, SPAWN_TIMEOUT_MS);
    if (last.kind !== 'spawned') throw new Error('the load generator spawned nothing');
    return last.pid;
  }

  /** Ends a program that {@link spawn} has started. */
  async end(pipe: string): Promise<void> {
    await this.#order({ kind: 'end', pipe }, DRAIN_ALLOWANCE_MS);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async #order(
    order: OrderKinds,
    timeoutMs: number,
    onEvent: (event: OrderEvent) => void = () => undefined,
  ): Promise<OrderEvent> {
    this.#orders += 1;
    const number = this.#orders;
    this.#process.child.send({ ...order, order: number } satisfies LoadOrder);
    const last = await this.#until((event) => {
      if (event.kind === 'ready' || event.order !== number) return false;
      onEvent(event);
      return event.kind !== 'measuring' && event.kind !== 'measured';
    }, timeoutMs);
    if (last.kind === 'failed') throw new Error(last.reason);
    // Holds: an event without an order is the first of all.
    return last as OrderEvent;
  }

  #until(isLast: (event: LoadEvent) => boolean, timeoutMs: number): Promise<LoadEvent> {
    const { child } = this.#process;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        act();
      };
      const onMessage = (message: unknown): void => {
        // Holds: load.ts sends nothing but events.
        const event = message as LoadEvent;
        if (isLast(event)) settle(() => resolve(event));
      };
      const onExit = (): void =>
        settle(() => reject(new Error(`the load generator ended: ${this.#process.logTail()}`)));
      const timer = setTimeout(
        () => settle(() => reject(new Error('the load generator did not answer in time'))),
        timeoutMs,
      );
      child.on('message', onMessage);
      child.on('exit', onExit);
    });
  }
}
