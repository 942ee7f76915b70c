import type { SecretProvider, SecretReference, SecretScheme } from '@omni/ports';
import type { ChainLink, ProviderRoute } from './provider-chain.ts';

export interface SecretRoutesOptions {
  /** Providers of `SECRET`, in the order in which they are asked; the first that can keeps new ones. */
  readonly chain: readonly SecretProvider[];
  /** Who is asked where a provider of `SECRET`, `VAULT` or `KEYCHAIN` cannot be. Default: nobody. */
  readonly fallback?: readonly SecretProvider[];
  /** Of the other schemes; one that is absent cannot be used. */
  readonly schemes?: Readonly<Partial<Record<Exclude<SecretScheme, 'SECRET'>, SecretProvider>>>;
}

const SCHEMES: readonly SecretScheme[] = ['SECRET', 'VAULT', 'KEYCHAIN', 'ENV', 'FILE', 'EXEC'];
/** Schemes whose names say where a secret is, and for which somebody else may stand in. */
const MAY_FALL_BACK: ReadonlySet<SecretScheme> = new Set<SecretScheme>(['SECRET', 'VAULT', 'KEYCHAIN']);

/** Which providers a reference asks, and by what name. */
export class SecretRoutes {
  readonly #options: SecretRoutesOptions;

  constructor(options: SecretRoutesOptions) {
    this.#options = options;
  }

  /** All providers, each once. */
  get providers(): readonly SecretProvider[] {
    const { chain, fallback = [], schemes = {} } = this.#options;
    return [...new Set([...chain, ...Object.values(schemes), ...fallback])];
  }

  /** Those of `SECRET`. */
  get chain(): readonly SecretProvider[] {
    return this.#options.chain;
  }

  /** Schemes by which a secret can be written: those of each provider that may be asked for it. */
  schemesOf(reference: SecretReference): readonly SecretScheme[] {
    const { links = [], fallback = [] } = this.routeOf(reference) ?? {};
    const asked = [...links, ...fallback].map(({ provider }) => provider);
    const { chain, schemes = {} } = this.#options;
    const others = SCHEMES.filter((scheme) => {
      const of = scheme === 'SECRET' ? chain : [schemes[scheme]];
      return of.some((provider) => provider !== undefined && asked.includes(provider));
    });
    return /* guard: secrets/rule-schemes */ [reference.scheme, ...others];
  }

  /** @returns `undefined` where no provider is there for the scheme. */
  routeOf({ scheme, name, field }: SecretReference): ProviderRoute | undefined {
    const { chain, fallback = [], schemes = {} } = this.#options;
    const own = field === undefined ? name : `${name}#${field}`;
    const among = scheme === 'SECRET' ? chain : [schemes[scheme]].filter((one) => one !== undefined);
    if (among.length === 0) return undefined;
    const linked = (provider: SecretProvider): ChainLink => ({ provider, name: own });
    return {
      links: among.map(linked),
      fallback: MAY_FALL_BACK.has(scheme)
        ? fallback.filter((provider) => !among.includes(provider)).map(linked)
        : [],
    };
  }
}
