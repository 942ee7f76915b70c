/**
 * Makes a definition say what another one says, under those who hold it: settings that are edited while their
 * server runs.
 */
export function takeOver<Spec extends object>(held: Spec, next: Spec): void {
  // guard: registry/unset
  for (const name of Object.keys(held)) if (!(name in next)) Reflect.deleteProperty(held, name);
  Object.assign(held, next);
}
