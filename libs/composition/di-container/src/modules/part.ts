import type { Bind, ServiceIdentifier } from 'inversify';

/** The tokens of what a part needs, by the name under which it gets them. */
type Needs = Readonly<Record<string, ServiceIdentifier>>;

type Resolved<N extends Needs> = {
  readonly [Name in keyof N]: N[Name] extends ServiceIdentifier<infer Part> ? Part : never;
};

/**
 * Binds one part of the gateway: made once, when it is first needed, from the parts that it names.
 *
 * @param make - Gets the parts by name, so that no factory depends on an order.
 */
export function bindPart<Part, N extends Needs>(
  bind: Bind,
  token: ServiceIdentifier<Part>,
  needs: N,
  make: (parts: Resolved<N>) => Part,
): void {
  const names = Object.keys(needs);
  bind(token)
    .toResolvedValue(
      // Holds: Inversify gives the values in the order of their tokens.
      (...values: unknown[]) =>
        make(Object.fromEntries(names.map((name, index) => [name, values[index]])) as Resolved<N>),
      names.map((name) => needs[name] ?? name),
    )
    .inSingletonScope();
}
