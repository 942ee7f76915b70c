import { type CancelTimer, type Clock, GatewayError, type Millis, type RateSettings } from '@omni/ports';
import { type Called, keyOf } from '../stages/called.ts';

/** What an operator decides about calls to a server for a while, whatever its settings say. */
export type Override =
  /** `open`: no call passes. `closed`: calls pass, however many fail. */
  | { readonly kind: 'breaker'; readonly state: 'open' | 'closed' }
  /** Calls come no faster; what its settings allow counts besides. */
  | { readonly kind: 'throttle'; readonly rate: RateSettings }
  /** Clients are shown nothing of it, and cannot name it. */
  | { readonly kind: 'hide' }
  /** Only calls pass that change nothing. */
  | { readonly kind: 'read-only' };

export type OverrideKind = Override['kind'];

/** What it is about: a server, or one tool, prompt or resource of it. */
export interface OverrideTarget {
  readonly upstream: string;
  /** By the server's own name. Absent: all of them. */
  readonly called?: Called;
}

/** Plain data: fit to be stored and to be set again. */
export interface OverrideInForce {
  readonly target: OverrideTarget;
  readonly override: Override;
  /** Who has set it. */
  readonly author: string;
  /** Wall clock: when it ends by itself; absent where it stays until it is cleared. */
  readonly until?: Millis;
}

export interface OverrideSettings {
  /** After which it ends by itself, in milliseconds. Default: it does not. */
  readonly forMs?: Millis;
  /** Who sets it, for those who are told. Default: `owner`. */
  readonly author?: string;
}

const OWNER = 'owner';
/** How often the wall clock is looked at: it may be set, and timers rest while a machine sleeps. */
const LOOK_MS = 60_000;

export interface OverrideChange extends OverrideInForce {
  /** `cleared` by somebody, `expired` by itself; `forgotten`: its server is gone. */
  readonly change: 'set' | 'cleared' | 'expired' | 'forgotten';
  /** Who has set or cleared it; the author where it ended by itself. */
  readonly by: string;
}

export interface OverridesOptions {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Throws where there is no such server. */
  readonly check: (upstream: string) => void;
}

/** Told each change when it is in force. Must not throw. */
export type OverrideListener = (change: OverrideChange) => void;

/** What is in force for one server; an override of a tool comes before that of its server. */
export type OverridesOf = <Kind extends OverrideKind>(
  kind: Kind,
  called: Called,
) => Extract<Override, { kind: Kind }> | undefined;

interface Kept {
  readonly inForce: OverrideInForce;
  cancelTimer: CancelTimer | undefined;
}

/** Overrides of all servers. */
export class Overrides {
  readonly #options: OverridesOptions;
  /** By server, then by kind and target. */
  readonly #byUpstream = new Map<string, Map<string, Kept>>();
  readonly #listeners: OverrideListener[] = [];

  constructor(options: OverridesOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#byUpstream.size === 0;
  }

  /** Listeners are told in the order in which they came. */
  subscribe(listener: OverrideListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Puts it in force, in the place of one of the same kind and target.
   *
   * @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN`, `OMNI_PARAMS_INVALID`.
   */
  set(target: OverrideTarget, override: Override, { forMs, author = OWNER }: OverrideSettings = {}): void {
    const { clock, check } = this.#options;
    const { upstream } = target;
    check(upstream);
    checkOverride(override, forMs);
    const key = keyIn(override.kind, target.called);
    let kept = this.#byUpstream.get(upstream);
    if (kept === undefined) this.#byUpstream.set(upstream, (kept = new Map()));
    kept.get(key)?.cancelTimer?.();
    const inForce: OverrideInForce = {
      target: { ...target, ...(target.called && { called: { ...target.called } }) },
      override: ownCopy(override),
      author,
      ...(forMs !== undefined && { until: clock.now() + forMs }),
    };
    const one: Kept = { inForce, cancelTimer: undefined };
    kept.set(key, one);
    if (inForce.until !== undefined) this.#awaitEnd(one, key, inForce.until);
    this.#tell({ ...inForce, change: 'set', by: author });
  }

  /** @param by - Who clears it. @returns Whether there was one. */
  clear({ upstream, called }: OverrideTarget, kind: OverrideKind, by = OWNER): boolean {
    return this.#end(upstream, keyIn(kind, called), 'cleared', by);
  }

  /** Ends those of a server that is gone. */
  forget(upstream: string): void {
    for (const key of [...(this.#byUpstream.get(upstream)?.keys() ?? [])])
      this.#end(upstream, key, 'forgotten');
  }

  /** In the order in which they were set. @param upstream - Default: of all servers. */
  list(upstream?: string): readonly OverrideInForce[] {
    const maps = upstream === undefined ? [...this.#byUpstream.values()] : [this.#byUpstream.get(upstream)];
    return maps.flatMap((kept) => [...(kept?.values() ?? [])].map(({ inForce }) => inForce));
  }

  /** @returns `undefined` while nothing is in force for this server. */
  of(upstream: string): OverridesOf | undefined {
    const kept = this.#byUpstream.get(upstream);
    if (kept === undefined) return undefined;
    return <Kind extends OverrideKind>(kind: Kind, called: Called) => {
      const found = kept.get(keyIn(kind, called)) ?? kept.get(keyIn(kind));
      // Keys begin with the kind.
      return found?.inForce.override as Extract<Override, { kind: Kind }> | undefined;
    };
  }

  /** Whether one of this kind is in force for all of a server. */
  isOnAll(upstream: string, kind: OverrideKind): boolean {
    return this.#byUpstream.get(upstream)?.has(keyIn(kind)) === true;
  }

  #awaitEnd(kept: Kept, key: string, until: Millis): void {
    const { clock } = this.#options;
    const left = until - clock.now();
    if (left <= 0) this.#end(kept.inForce.target.upstream, key, 'expired');
    else {
      const look = (): void => this.#awaitEnd(kept, key, until);
      kept.cancelTimer = /* guard: overrides/expiry */ clock.after(Math.min(left, LOOK_MS), look);
    }
  }

  #end(upstream: string, key: string, change: 'cleared' | 'expired' | 'forgotten', by?: string): boolean {
    const kept = this.#byUpstream.get(upstream);
    const found = kept?.get(key);
    if (kept === undefined || found === undefined) return false;
    const { cancelTimer, inForce } = found;
    cancelTimer?.();
    kept.delete(key);
    if (kept.size === 0) this.#byUpstream.delete(upstream);
    this.#tell({ ...inForce, change, by: by ?? inForce.author });
    return true;
  }

  #tell(change: OverrideChange): void {
    for (const tell of this.#listeners) tell(change);
  }
}

/** Another one may be set of the same object, which may be written to. */
function ownCopy(override: Override): Override {
  return override.kind === 'throttle' ? { ...override, rate: { ...override.rate } } : { ...override };
}

const KINDS: ReadonlySet<string> = new Set<OverrideKind>(['breaker', 'throttle', 'hide', 'read-only']);

/** Code without types may give anything. */
function checkOverride(override: Override, forMs: Millis | undefined): void {
  const problem = !KINDS.has(override.kind)
    ? `there is no override of the kind ${JSON.stringify(override.kind)}`
    : override.kind === 'breaker' && !['open', 'closed'].includes(override.state)
      ? 'a breaker is held open or closed'
      : checkNumbers(override, forMs);
  if (problem !== undefined) throw new GatewayError('OMNI_PARAMS_INVALID', problem);
}

function checkNumbers(override: Override, forMs: Millis | undefined): string | undefined {
  return override.kind === 'throttle' && !(override.rate.perSecond > 0 && override.rate.burst >= 1)
    ? 'a throttle lets through more than nothing: perSecond is above 0, burst 1 or more'
    : forMs !== undefined && !(forMs > 0)
      ? 'an override is in force for more than 0 ms'
      : undefined;
}

function keyIn(kind: OverrideKind, called?: Called): string {
  return called === undefined ? kind : `${kind} ${keyOf(called)}`;
}
