import {
  type ErrorFacts,
  type Fall,
  type LifecycleExecutor,
  type LifecycleHandle,
  type LifecycleNote,
  NO_HISTORY,
  type UpstreamCommand,
  type UpstreamEvent,
  type UpstreamRecord,
} from '@omni/model';
import { DEFAULT_LIFECYCLE, GatewayError, type Millis, type UpstreamSpec } from '@omni/ports';
import type { ConnectionContext, OpenConnection } from '../connection/open-connection.ts';
import { stoppedError } from '../connection/stopped-error.ts';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.ts';
import type { OnConnection } from '../instances/lazy-connection.ts';
import { definitionId } from '../registry/definition-identity.ts';
import type { ProbedPlace, ProbeOutcome } from '../probing/probe.ts';
import type { Departures } from './departures.ts';
import { DrainWatch } from './drain-watch.ts';
import { fallOf } from './fall-of.ts';
import { PhaseLog } from './phase-log.ts';
import { disablingOf, refusalIn } from './refusals.ts';

/** The connections of an upstream beside the shared one, and what is done when that comes and goes. */
export interface UpstreamLifeOptions {
  /** Its settings as they are now. */
  readonly spec: UpstreamSpec;
  readonly credentials: Pick<UpstreamCredentials, 'secretValues'>;
  readonly context: ConnectionContext;
  /** Its instances that end: where they are processes, no second one begins beside them. */
  readonly departures: Departures;
  /** Opens the shared connection; returns what gives the attempt up. */
  readonly open: (done: OnConnection) => () => void;
  /** Where its paths are asked for; `undefined` where it has none. */
  readonly web: () => ProbedPlace | undefined;
  /** Calls under way on other connections. */
  readonly inFlight: () => number;
  /** Calls are taken on this connection. @param former - The one that were taken on before, open or not. */
  readonly onReady: (connection: OpenConnection, former: OpenConnection | undefined) => void;
  /** The shared connection is left. */
  readonly onLeft: () => void;
  /** No more calls are taken. */
  readonly onDraining: () => void;
  /** Ends every other connection. */
  readonly onClosing: () => Promise<unknown>;
  /** The record is another. */
  readonly onChanged: (record: UpstreamRecord, notes: readonly LifecycleNote[]) => void;
}

/**
 * The shared connection of one upstream, opened and closed as its life cycle commands. What becomes of it is
 * decided by whoever owns its record, at once or a moment later: a connection that is lost is not used from
 * then on, and one that is new is not used before its owner knows of it.
 */
export class UpstreamLife implements LifecycleExecutor {
  readonly #options: UpstreamLifeOptions;
  readonly #handle: LifecycleHandle;
  readonly #log: PhaseLog;
  readonly #drainWatch: DrainWatch;
  #connection: OpenConnection | undefined;
  /** The same, or one that broke and still has calls of its own. */
  #latest: OpenConnection | undefined;
  /** The one on which calls were taken last. */
  #announced: OpenConnection | undefined;
  /** What the facts in the state were made of. */
  #lastError: GatewayError | undefined;
  #abortConnect: (() => void) | undefined;
  #cancelProbe: (() => void) | undefined;
  /** Whether the latest probe is over, and its owner has yet to say what that means. */
  #isAnswered = false;
  /** Who waits for that. */
  readonly #onProbed = new Set<() => void>();
  /** Whether it is to run, which its owner may not have heard yet. */
  #isStarted = false;
  /** Whether it is to end: what was decided before that opens nothing any more. */
  #isEnding = false;
  readonly #onOver = new Set<() => void>();

  constructor(options: UpstreamLifeOptions) {
    const { spec, context, inFlight } = options;
    this.#options = options;
    this.#drainWatch = new DrainWatch({
      clock: context.clock,
      running: () => (this.#latest?.inFlight ?? 0) + inFlight(),
      onDrained: () => this.report({ kind: 'drained' }),
    });
    const since = context.clock.now();
    const state = spec.enabled
      ? ({ phase: 'stopped', since } as const)
      : ({ phase: 'disabled', since, ...disablingOf(spec) } as const);
    const { name } = spec;
    this.#log = new PhaseLog(name, state.phase, context.logger);
    this.#handle = context.lifecycle.adopt(
      {
        name,
        definition: definitionId(spec),
        record: { state, history: NO_HISTORY },
        settings: spec.lifecycle ?? DEFAULT_LIFECYCLE,
      },
      this,
    );
  }

  /** As its owner decided last. */
  get record(): UpstreamRecord {
    return this.#handle.record;
  }

  /** The shared connection, if it is open. */
  get connection(): OpenConnection | undefined {
    return this.#connection;
  }

  /** The same while new calls are taken. */
  get callable(): OpenConnection | undefined {
    return this.record.state.phase === 'ready' && !this.#isEnding ? this.#connection : undefined;
  }

  /** Why no calls are taken; `undefined` while they are, or soon will be. */
  get refusal(): GatewayError | undefined {
    const { spec, context } = this.#options;
    if (this.#isEnding) return stoppedError(spec.name);
    const { state } = this.record;
    // guard: lifecycle/start-undecided
    if (state.phase === 'stopped' && this.#isStarted) return undefined;
    return refusalIn(spec.name, state, { lastError: this.#lastError, now: context.clock.now() });
  }

  report(event: UpstreamEvent): void {
    this.#handle.report(event);
  }

  start(): void {
    const { spec, context } = this.#options;
    const { phase } = this.record.state;
    this.#isStarted = true;
    this.#isEnding = false;
    // Its owner may have kept what an earlier definition said.
    if (spec.enabled || (phase !== 'disabled' && phase !== 'draining'))
      this.#applyEnabled(context.clock.now());
    // What it lists is known then.
    const isAsleep = spec.start === 'on-demand' && this.record.history.lastSeenAt !== null;
    this.report({ kind: 'started', isAsleep });
  }

  /** Resolves when every connection is closed. */
  async end(until: Millis): Promise<void> {
    this.#isStarted = false;
    this.#isEnding = true;
    this.report({ kind: 'ended', until });
    if (!isOver(this.record)) await new Promise<void>((resolve) => this.#onOver.add(resolve));
    await this.#options.departures.gone();
  }

  /** Asks whether it lives, where it is connected; resolves when its owner knows. */
  async probe(): Promise<void> {
    const { state } = this.record;
    // Its owner may begin the probe a moment later.
    const begins = state.phase === 'ready' && state.probeAt !== null;
    if (!begins && this.#cancelProbe === undefined) return;
    const probed = new Promise<void>((resolve) => this.#onProbed.add(resolve));
    this.report({ kind: 'silent' });
    await probed;
  }

  /** Nothing more is decided about it. */
  release(): void {
    this.#handle.release();
  }

  /** The settings are others. @param until - When calls under way are cut, if it is switched off. */
  redefine(until: Millis): void {
    const { spec } = this.#options;
    this.#handle.configure(spec.lifecycle ?? DEFAULT_LIFECYCLE);
    this.#applyEnabled(until);
    if (spec.enabled) this.report({ kind: 'redefined' });
  }

  onConnected(connection: OpenConnection): void {
    this.#giveUpProbe();
    this.#connection = connection;
    this.#latest = connection;
    this.report({ kind: 'connected', era: connection.era });
  }

  /** @returns Whether it was the shared one. */
  onClosed(connection: OpenConnection, reason: GatewayError): boolean {
    if (connection !== this.#connection) return false;
    // What has closed its side may live on; over HTTP other calls do.
    if (isOwnProcess(this.#options.spec)) this.#end(connection, reason);
    this.#lose(reason);
    return true;
  }

  execute(command: UpstreamCommand): void {
    switch (command.kind) {
      case 'connect':
        return this.#connect();
      case 'abort':
        this.#abortConnect?.();
        this.#abortConnect = undefined;
        return;
      case 'probe':
        return this.#probe();
      case 'cut':
        return this.#cutOff(command.error);
      case 'drain':
        this.#giveUpProbe();
        this.#options.onLeft();
        this.#options.onDraining();
        // Calls may go on here once more.
        this.#announced = undefined;
        this.#drainWatch.begin();
        // It was to fall asleep, and a call has come meanwhile.
        if (this.#drainWatch.isNeeded) this.report({ kind: 'wanted' });
        return;
      case 'close':
        return this.#close();
    }
  }

  onChanged(record: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    this.#log.note(record);
    if (this.#isAnswered) this.#tellProbed();
    this.#options.onChanged(record, notes);
    const { callable } = this;
    if (callable !== undefined && callable !== this.#announced) {
      const former = this.#announced;
      this.#announced = callable;
      this.#options.onReady(callable, former);
    }
    if (!isOver(this.record)) return;
    for (const tell of this.#onOver) tell();
    this.#onOver.clear();
  }

  #applyEnabled(until: Millis): void {
    const { spec } = this.#options;
    this.report(
      spec.enabled
        ? { kind: 'enabled', byDefinition: true }
        : { kind: 'disabled', ...disablingOf(spec), until },
    );
  }

  #connect(): void {
    // Its owner may not have heard yet that it ends, or of the connection that there is.
    if (this.#isEnding || this.#abortConnect !== undefined) return;
    if (this.#connection !== undefined) {
      this.#drainWatch.end();
      return this.onConnected(this.#connection);
    }
    const { spec, departures } = this.#options;
    let isAborted = false;
    let abort = (): void => {
      isAborted = true;
    };
    const open = (): void => {
      if (isAborted) return;
      abort = this.#options.open((result) => {
        this.#abortConnect = undefined;
        if (!(result instanceof GatewayError)) return this.onConnected(result);
        this.report({ kind: 'connectFailed', ...this.#noted(result) });
      });
    };
    this.#abortConnect = () => abort();
    // guard: lifecycle/one-process
    if (isOwnProcess(spec)) departures.whenGone(open);
    else open();
  }

  #noted(error: GatewayError): Fall {
    this.#lastError = error;
    const { spec, credentials } = this.#options;
    return fallOf(error, spec, credentials.secretValues);
  }

  #probe(): void {
    const { spec, context } = this.#options;
    const { clock, identity } = context;
    const connection = this.#connection;
    // That it is lost is told already.
    if (connection === undefined) return;
    // Whoever waits for the former one waits for this.
    this.#cancelProbe?.();
    const { timeoutMs } = (spec.lifecycle ?? DEFAULT_LIFECYCLE).probe;
    this.#cancelProbe = context.prober.begin(
      {
        upstream: spec.name,
        connection,
        probe: spec.health,
        timeoutMs,
        web: this.#options.web(),
        clock,
        identity,
      },
      (outcome) => {
        this.#cancelProbe = undefined;
        this.#isAnswered = true;
        this.#onOutcome(connection, outcome);
      },
    );
  }

  #onOutcome(connection: OpenConnection, outcome: ProbeOutcome): void {
    if (outcome === 'alive') return this.report({ kind: 'probed' });
    if (outcome === 'silent') return this.report({ kind: 'probeMissed', isBusy: this.#isBusy(connection) });
    if (connection !== this.#connection) return;
    this.#end(connection, outcome);
    this.#lose(outcome);
  }

  #lose(reason: GatewayError): void {
    this.#leave();
    this.report({ kind: 'connectionLost', ...this.#noted(reason) });
  }

  /**
   * Whether the server may be at work on a call that is inside its deadline. Calls that came later, in place
   * of those that it has let time out, are no such work: else a server that hangs would be left alone for as
   * long as somebody calls it.
   */
  #isBusy({ clientCalls, isHeldUp, silentSinceMs }: OpenConnection): boolean {
    const { spec, context } = this.#options;
    if (clientCalls === 0) return false;
    const silentMs = context.clock.monotonicMs() - silentSinceMs;
    return isHeldUp || /* guard: probing/hangs-under-calls */ silentMs < spec.callTimeoutMs;
  }

  #giveUpProbe(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    this.#tellProbed();
  }

  #tellProbed(): void {
    this.#isAnswered = false;
    for (const tell of this.#onProbed) tell();
    this.#onProbed.clear();
  }

  #cutOff({ code, message, hint }: ErrorFacts): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const reason = new GatewayError(code, message, { hint });
    this.#lastError = reason;
    this.#leave();
    this.#end(connection, reason);
  }

  #end(connection: OpenConnection, reason: GatewayError): void {
    if (connection === this.#latest) this.#latest = undefined;
    this.#options.departures.add(connection.close(reason));
  }

  #leave(): void {
    this.#giveUpProbe();
    this.#connection = undefined;
    this.#options.onLeft();
  }

  #close(): void {
    const latest = this.#latest;
    this.#drainWatch.end();
    this.#leave();
    this.#latest = undefined;
    this.#announced = undefined;
    const { departures, onClosing } = this.#options;
    departures.add(Promise.all([latest?.close(), onClosing()]));
  }
}

/** Whether each instance is one that Omni has started, which may hold what only one can have. */
function isOwnProcess({ transport: { kind } }: UpstreamSpec): boolean {
  return kind === 'stdio' || kind === 'channel';
}

function isOver({ state }: UpstreamRecord): boolean {
  return state.phase === 'stopped' || state.phase === 'disabled';
}
