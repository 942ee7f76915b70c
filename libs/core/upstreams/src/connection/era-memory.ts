import type { UpstreamSpec } from '@omni/ports';

/**
 * How a handshake finds the era. `probe`: the modern handshake first. `modern`, `legacy`: that one only.
 * `legacy-first`: a probe got no answer, which says little about a server that starts slowly, so a refused
 * `initialize` leads to the modern handshake.
 */
export type EraPlan = 'probe' | 'modern' | 'legacy' | 'legacy-first';

/**
 * Refusals that are about credentials, money, proxies, connections and load: like failures of the server they
 * say nothing of the era.
 */
const NOT_ABOUT_ERA: ReadonlySet<number> = new Set([401, 402, 403, 407, 408, 421, 425, 429]);

/**
 * Whether a server may turn away with this HTTP status what belongs to the other era: each framework has its
 * own for what it does not know.
 */
export function isOtherEraStatus(status: unknown): boolean {
  return (
    typeof status === 'number' &&
    status >= 400 &&
    status < 500 &&
    /* guard: handshake/not-about-era */ !NOT_ABOUT_ERA.has(status)
  );
}

/** An era that was found, or `legacy-first` where a probe was met with silence and nothing more is known. */
export type RememberedEra = Exclude<EraPlan, 'probe'>;

interface KnownEra {
  readonly fingerprint: string;
  readonly era: RememberedEra;
}

/**
 * Which era each upstream was found to speak, so that a restart need not probe again.
 *
 * @see MCP 2026-07-28, basic/versioning: the result may be cached and is probed again when it proves wrong.
 */
export class EraMemory {
  readonly #known = new Map<string, KnownEra>();

  recall(spec: UpstreamSpec): RememberedEra | undefined {
    const known = this.#known.get(spec.name);
    return known !== undefined && known.fingerprint === fingerprintOf(spec) ? known.era : undefined;
  }

  remember(spec: UpstreamSpec, era: RememberedEra): void {
    this.#known.set(spec.name, { fingerprint: fingerprintOf(spec), era });
  }

  forget(spec: UpstreamSpec): void {
    this.#known.delete(spec.name);
  }
}

/** What makes it another server when it changes. Environment and headers are left out: they hold secrets. */
function fingerprintOf({ transport }: UpstreamSpec): string {
  switch (transport.kind) {
    case 'stdio':
      return JSON.stringify(['stdio', transport.command, transport.args, transport.cwd ?? null]);
    case 'http':
    case 'sse':
      return JSON.stringify([transport.kind, transport.url]);
    case 'websocket':
      return JSON.stringify(['websocket', transport.url]);
    case 'socket':
      return JSON.stringify(['socket', transport.address]);
    case 'channel':
      return '["channel"]';
  }
}
