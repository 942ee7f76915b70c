import type { DefineTest } from '@omni/testing/contracts';
import { FAULTY_ADAPTERS } from './faulty-adapters.ts';
import { SOUND_ADAPTERS } from './sound-adapters.ts';

/** Defines every suite with the runner's `it`; over which adapters, `OMNI_CONTRACT_ADAPTERS` says. */
export function defineSuites(it: DefineTest): void {
  const suites =
    process.env['OMNI_CONTRACT_ADAPTERS'] === 'faulty'
      ? Object.entries(FAULTY_ADAPTERS).map(([name, { define }]) => [name, define] as const)
      : Object.entries(SOUND_ADAPTERS);
  for (const [name, define] of suites) define((title, run) => it(`${name}: ${title}`, run));
}
