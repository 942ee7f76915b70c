import type {
  AdoptedUpstream,
  LifecycleExecutor,
  LifecycleHandle,
  LifecycleNote,
  LifecycleOwner,
  UpstreamCommand,
  UpstreamEvent,
  UpstreamRecord,
} from '@omni/model';
import type { ClockJump } from '../engine/simulated-time.ts';
import { ReferenceLife, type ReferenceView } from './reference-life.ts';

export interface ObservedOwnerOptions {
  /** Whose decisions are looked at. */
  readonly owner: LifecycleOwner;
  /** Wall clock. */
  readonly now: () => number;
  /** By how much the wall clock has leapt so far, oldest first: records are shifted by each leap once. */
  readonly jumps: () => readonly ClockJump[];
  /** Whether somebody was there at a time since the beginning to see that the clock has leapt. */
  readonly isWatched: (atMs: number) => boolean;
  /** Since the beginning, whatever the wall clock shows. */
  readonly monotonicMs: () => number;
  /** Told of each event that was decided. */
  readonly onEdge: (from: string, event: string, to: string) => void;
  readonly onDifference: (what: string) => void;
  /** Whether nobody decides for now: what is reported meanwhile is decided later, by somebody else. */
  readonly isHeld: () => boolean;
  /** @param report - For what happens to it that it cannot know itself. */
  readonly onAdopted: (upstream: AdoptedUpstream, report: (event: UpstreamEvent) => void) => void;
  readonly onRecord: (upstream: string, record: UpstreamRecord, notes: readonly LifecycleNote[]) => void;
}

/** A wait is rounded to whole milliseconds. */
const ROUNDING_MS = 1;
/** By then somebody has noticed a leap. */
const SHIFTED_MS = 30_000;
/** Smaller leaps are those of a busy machine. */
const SEEN_MS = 6_000;
/** A leap is noticed by who looks so often, and would have seen as much pass. */
const LOOK_MS = 500;

/** An owner of records whose every decision is compared with the reference. */
export class ObservedOwner implements LifecycleOwner {
  readonly #options: ObservedOwnerOptions;

  constructor(options: ObservedOwnerOptions) {
    this.#options = options;
  }

  adopt(upstream: AdoptedUpstream, executor: LifecycleExecutor): LifecycleHandle {
    const adopted: { report: (event: UpstreamEvent) => void } = { report: () => {} };
    this.#options.onAdopted(upstream, (event) => adopted.report(event));
    const watch = new LifeWatch(this.#options, upstream);
    const inner = this.#options.owner.adopt(upstream, {
      execute: (command) => {
        watch.onCommand(command);
        executor.execute(command);
      },
      onChanged: (record, notes) => {
        watch.onChanged(record, notes);
        executor.onChanged(record, notes);
      },
    });
    const report = (event: UpstreamEvent): void => {
      watch.onReported(event);
      inner.report(event);
      watch.onQuiet(inner.record);
    };
    adopted.report = report;
    return {
      get record() {
        return inner.record;
      },
      report,
      configure: (settings) => inner.configure(settings),
      release: () => inner.release(),
    };
  }
}

/** One upstream: what was reported, and what the reference makes of it. */
class LifeWatch {
  readonly #options: ObservedOwnerOptions;
  readonly #name: string;
  readonly #life: ReferenceLife;
  readonly #reported: UpstreamEvent[] = [];
  #isConnecting = false;
  #isConnected = false;
  #last: UpstreamRecord;
  #jumps: number;
  #depth = 0;
  #hasFailed = false;

  constructor(options: ObservedOwnerOptions, { name, record }: AdoptedUpstream) {
    const { state } = record;
    this.#options = options;
    this.#name = name;
    this.#last = record;
    this.#jumps = options.jumps().length;
    this.#life = new ReferenceLife(state.phase === 'disabled' ? state.by : undefined, options.now());
  }

  onReported(event: UpstreamEvent): void {
    this.#depth++;
    this.#reported.push(event);
    if (event.kind === 'connected') this.#isConnected = true;
    if (event.kind === 'connected' || event.kind === 'connectFailed') this.#isConnecting = false;
    if (event.kind === 'connectionLost') this.#isConnected = false;
  }

  /** Two attempts at once would be two processes. */
  onCommand({ kind }: UpstreamCommand): void {
    if (kind === 'connect') {
      if (this.#isConnecting || this.#isConnected)
        this.#options.onDifference(`"${this.#name}" is connected twice`);
      this.#isConnecting = true;
    } else if (kind === 'abort') this.#isConnecting = false;
    else if (kind === 'close' || kind === 'cut') this.#isConnected = false;
  }

  /** What was reported leads here, or a time has come. */
  onChanged(record: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    this.#options.onRecord(this.#name, record, notes);
    this.#checkJumps();
    const byMs = this.#shiftIn(record);
    this.#last = record;
    if (byMs !== undefined) {
      this.#tell({ kind: 'shifted', byMs }, this.#options.now());
      return this.#compare(record);
    }
    while (this.#reported.length > 0) {
      this.#tellNext();
      if (differenceOf(this.#life.view, record) === undefined) return this.#agree(record);
    }
    this.#tell({ kind: 'due' }, this.#options.now());
    this.#compare(record);
  }

  /** Time that nobody has seen counts as nothing: records are shifted by it. */
  #checkJumps(): void {
    const { jumps, monotonicMs, isWatched, onDifference } = this.#options;
    const leaptMs = jumps()
      .slice(this.#jumps)
      .filter(({ atMs }) => monotonicMs() - atMs > SHIFTED_MS && isWatched(atMs))
      .reduce((sum, { byMs }) => sum + byMs, 0);
    if (Math.abs(leaptMs) > SEEN_MS && !this.#hasFailed) {
      this.#hasFailed = true;
      onDifference(`"${this.#name}": its times are not shifted by ${leaptMs} ms that nobody has seen`);
    }
  }

  /** By how much it was shifted, where that is what has become of it: by one leap, or by a few at once. */
  #shiftIn({ state }: UpstreamRecord): number | undefined {
    const { state: before } = this.#last;
    const byMs = state.since - before.since;
    if (state.phase !== before.phase || byMs === 0) return undefined;
    const jumps = this.#options.jumps();
    let leaptMs = 0;
    for (let index = this.#jumps; index < jumps.length; index++) {
      leaptMs += jumps[index]?.byMs ?? 0;
      if (byMs > leaptMs + ROUNDING_MS || byMs < leaptMs - LOOK_MS - ROUNDING_MS) continue;
      this.#jumps = index + 1;
      return byMs;
    }
    return undefined;
  }

  /** Nothing is reported that is not decided. */
  onQuiet(record: UpstreamRecord): void {
    if (--this.#depth > 0 || this.#options.isHeld()) return;
    while (this.#reported.length > 0) this.#tellNext();
    this.#compare(record);
  }

  #tellNext(): void {
    const next = this.#reported.shift();
    if (next !== undefined) this.#tell(next, this.#options.now());
  }

  #tell(event: UpstreamEvent, at: number): void {
    const from = this.#life.view.phase;
    this.#life.tell(event, at);
    this.#options.onEdge(from, event.kind, this.#life.view.phase);
  }

  #compare(record: UpstreamRecord): void {
    const difference = differenceOf(this.#life.view, record);
    if (difference === undefined) return this.#agree(record);
    // What follows from a difference is none of its own.
    if (!this.#hasFailed) this.#options.onDifference(`"${this.#name}": ${difference}`);
    this.#hasFailed = true;
  }

  #agree({ state }: UpstreamRecord): void {
    if (state.phase === 'down') this.#life.settleAttempt(state.nextAttemptAt);
  }
}

function differenceOf(view: ReferenceView, { state, history }: UpstreamRecord): string | undefined {
  if (view.phase !== state.phase) return `it is ${state.phase}, and must be ${view.phase}`;
  if (view.failures !== history.consecutiveFailures)
    return `${history.consecutiveFailures} failures are counted, and there were ${view.failures}`;
  if ((state.phase === 'starting' || state.phase === 'ready') && state.isTrial !== view.isTrial)
    return state.isTrial ? 'it is tried as if its circuit were open' : 'its trial is none';
  if (state.phase === 'ready') {
    if (state.isListed !== view.isListed) return state.isListed ? 'it is well too early' : 'it is not well';
    if (state.misses !== view.misses) return `${state.misses} misses are counted of ${view.misses}`;
  }
  if (state.phase !== 'down' || view.attempt === null) return undefined;
  if (state.circuit !== view.circuit) return `its circuit is ${state.circuit}, and must be ${view.circuit}`;
  const [earliest, latest] = view.attempt;
  return state.nextAttemptAt < earliest - ROUNDING_MS || state.nextAttemptAt > latest + ROUNDING_MS
    ? `its next attempt is ${state.nextAttemptAt - latest} ms from where it must be`
    : undefined;
}
