import { CountedByteBudget, type Millis, type UpstreamSpec } from '@omni/ports';
import {
  connectionContext,
  type ConnectionContextOptions,
  type SharedContext,
} from './connection-context.ts';
import type { DefinitionChanges, UpstreamDefinitions } from './registry/upstream-registry.ts';
import type { UpstreamObserver } from './lifecycle/upstream-observer.ts';
import { SilenceWatch, type Watched } from './probing/silence-watch.ts';
import { Upstream } from './upstream.ts';

export interface UpstreamsOptions extends ConnectionContextOptions {
  readonly specs: readonly UpstreamSpec[];
  readonly observer: UpstreamObserver;
}

/** All configured upstreams, by name. */
export class Upstreams {
  readonly #context: SharedContext;
  /** For messages that are not complete. */
  readonly #unfinished: CountedByteBudget;
  readonly #observer: UpstreamObserver;
  #byName: ReadonlyMap<string, Upstream>;
  /** Those that have lost their place, until their calls have ended. */
  readonly #retired = new Set<Upstream>();
  readonly #silenceWatch: SilenceWatch<Watched>;
  #isStarted = false;
  #unsubscribe: (() => void) | undefined;

  constructor(options: UpstreamsOptions) {
    const { specs, observer } = options;
    this.#context = connectionContext(options);
    this.#unfinished = new CountedByteBudget(this.#context.limits.maxUnfinishedBytes);
    this.#observer = observer;
    this.#silenceWatch = new SilenceWatch({
      clock: this.#context.clock,
      targets: () => this.all().flatMap(({ watched }) => watched ?? []),
      onSilent: (target) =>
        void this.all()
          .find(({ watched }) => watched === target)
          ?.probe(),
    });
    this.#byName = new Map(specs.map((spec) => [spec.name, this.#make(spec)]));
  }

  get(name: string): Upstream | undefined {
    return this.#byName.get(name);
  }

  /** In the order of the configuration. */
  all(): readonly Upstream[] {
    return [...this.#byName.values()];
  }

  /** Starts all that are enabled, at once; none waits for another. */
  start(): void {
    this.#isStarted = true;
    // Where there is no server nobody is silent.
    if (this.#byName.size > 0) this.#silenceWatch.start();
    else this.#silenceWatch.stop();
    this.#unsubscribe ??= this.#context.credentials.subscribe((name) => this.get(name)?.renewCredentials());
    for (const upstream of this.#byName.values()) upstream.start();
  }

  /** Resolves when every connection is closed. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#silenceWatch.stop();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await Promise.all([...this.all(), ...this.#retired].map((upstream) => upstream.stop()));
  }

  /**
   * Applies new definitions: unchanged upstreams keep connections and calls; removed and replaced ones drain.
   *
   * @param changes - How the definitions differ from the previous ones.
   * @param drainMs - How long calls of removed and replaced upstreams may take.
   */
  apply({ all }: UpstreamDefinitions, changes: DefinitionChanges, drainMs: Millis): void {
    const before = this.#byName;
    const until = this.#context.clock.now() + drainMs;
    const keepsPlace = new Set([...changes.changed, ...changes.unchanged]);
    const next = new Map<string, Upstream>();
    for (const spec of all) {
      const held = before.get(spec.name);
      const isKept = held !== undefined && /* guard: registry/unchanged */ keepsPlace.has(spec.name);
      next.set(spec.name, isKept ? held : this.#make(spec));
    }
    this.#byName = next;
    for (const spec of all) if (changes.changed.includes(spec.name)) this.get(spec.name)?.update(spec, until);
    // guard: stages/definition-changed
    if (changes.changed.length > 0) this.rebuildChains();
    // What is known of a server says nothing of a namesake.
    for (const name of [...changes.removed, ...changes.replaced]) {
      const retired = before.get(name);
      if (retired !== undefined) this.#context.eras.forget(retired.spec);
    }
    // Successors start first: what moves to them waits then, instead of failing.
    if (this.#isStarted) this.start();
    for (const name of [...changes.removed, ...changes.replaced]) {
      const retired = before.get(name);
      if (retired !== undefined) void this.#retire(retired, until, this.get(name));
    }
  }

  /** Applies the stages of calls anew, to each connection before its next call. */
  rebuildChains(): void {
    this.#context.chains.rebuild();
  }

  #make(spec: UpstreamSpec): Upstream {
    // guard: upstream/own-room
    const context = { ...this.#context, budget: this.#unfinished.of(spec.name) };
    return new Upstream({ spec, context, observer: this.#observer });
  }

  async #retire(retired: Upstream, until: Millis, successor: Upstream | undefined): Promise<void> {
    const { logger } = this.#context;
    const { name } = retired;
    this.#retired.add(retired);
    logger.info(
      { upstream: name },
      successor === undefined
        ? 'server is removed; its calls may end'
        : 'server is replaced; the calls of its predecessor may end',
    );
    await retired.retire(until, successor);
    this.#retired.delete(retired);
    logger.info({ upstream: name }, 'connections of the former server are closed');
  }
}
