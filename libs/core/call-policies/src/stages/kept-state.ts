import { DEFAULT_ROUTING, type RoutingSettings, type UpstreamSpec } from '@omni/ports';

export interface KeptStateOptions<State> {
  /** The settings that it is made of. */
  readonly settingsOf: (routing: RoutingSettings) => unknown;
  readonly create: (spec: UpstreamSpec) => State;
  /** Told what has lost its place to other settings. */
  readonly onReset?: (spec: UpstreamSpec, former: State) => void;
}

interface Kept<State> {
  readonly state: State;
  readonly settings: string;
  /** They are compared when this is another object. */
  routing: RoutingSettings;
}

/**
 * What a policy keeps of each upstream. It outlives edits of the definition for as long as the settings stay
 * that it was made of; with others it begins anew.
 */
export class KeptState<State> {
  readonly #options: KeptStateOptions<State>;
  readonly #known = new WeakMap<UpstreamSpec, Kept<State>>();

  constructor(options: KeptStateOptions<State>) {
    this.#options = options;
  }

  of(spec: UpstreamSpec): State {
    const found = this.find(spec);
    if (found !== undefined) return found;
    const { create, settingsOf } = this.#options;
    const { routing = DEFAULT_ROUTING } = spec;
    const state = create(spec);
    this.#known.set(spec, { state, settings: JSON.stringify(settingsOf(routing)), routing });
    return state;
  }

  /** The same, where there is something already. */
  find(spec: UpstreamSpec): State | undefined {
    const kept = this.#known.get(spec);
    if (kept === undefined) return undefined;
    const { routing = DEFAULT_ROUTING } = spec;
    if (kept.routing === routing) return kept.state;
    const { settingsOf, onReset } = this.#options;
    // guard: policies/other-settings
    if (JSON.stringify(settingsOf(routing)) !== kept.settings) {
      this.#known.delete(spec);
      onReset?.(spec, kept.state);
      return undefined;
    }
    kept.routing = routing;
    return kept.state;
  }
}
