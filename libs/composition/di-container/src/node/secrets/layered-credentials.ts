import type { CredentialProvider, CredentialValues } from '@omni/ports';

/**
 * Two providers as one: the values of the second lie over those of the first, name by name, as they would
 * over those of the configuration.
 */
export function layeredCredentials(under: CredentialProvider, over: CredentialProvider): CredentialProvider {
  const headers = new JoinedValues();
  const environment = new JoinedValues();
  const secrets = new WeakMap<readonly string[], WeakMap<readonly string[], readonly string[]>>();
  return {
    async define(upstreams) {
      await Promise.all([under.define?.(upstreams), over.define?.(upstreams)]);
    },
    lack: (upstream) => under.lack?.(upstream) ?? over.lack?.(upstream),
    getStatus: () => under.getStatus?.() ?? { level: 'ok', details: {}, since: 0 },
    headers: (upstream) => headers.of(under.headers(upstream), over.headers(upstream)),
    environment: (upstream) => environment.of(under.environment(upstream), over.environment(upstream)),
    secretValues(upstream) {
      const [first, second] = [under.secretValues?.(upstream) ?? [], over.secretValues?.(upstream) ?? []];
      if (second.length === 0) return first;
      const known = secrets.get(first) ?? new WeakMap<readonly string[], readonly string[]>();
      secrets.set(first, known);
      const joined = known.get(second) ?? [...first, ...second];
      known.set(second, joined);
      return joined;
    },
    refresh(upstream, refused, signal) {
      const asked = [under, over].flatMap((provider) => {
        const answer = provider.refresh(
          upstream,
          provider === under ? refused : over.headers(upstream),
          signal,
        );
        return answer === undefined ? [] : [answer];
      });
      return asked.length === 0 ? undefined : Promise.all(asked).then(() => {});
    },
    close() {
      under.close?.();
      over.close?.();
    },
    subscribe(listener) {
      const ends = [under.subscribe(listener), over.subscribe(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

/** The same object for the same two. */
class JoinedValues {
  readonly #joined = new WeakMap<CredentialValues, WeakMap<CredentialValues, CredentialValues>>();

  of(under: CredentialValues, over: CredentialValues): CredentialValues {
    let known = this.#joined.get(under);
    if (known === undefined) this.#joined.set(under, (known = new WeakMap()));
    let joined = known.get(over);
    if (joined === undefined) known.set(over, (joined = { ...under, ...over }));
    return joined;
  }
}
