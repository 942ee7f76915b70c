import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyScenario } from './any-scenario.ts';
import type { Invariant } from './checks/violations.ts';

/** Where scenarios are that have once broken an invariant: each is run by the tests from then on. */
export const FOUND_FOLDER = join(import.meta.dirname, 'found');

export interface FoundScenario {
  readonly name: string;
  readonly scenario: AnyScenario;
}

export function foundScenarios(folder = FOUND_FOLDER): readonly FoundScenario[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => ({ name: file.replace('.json', ''), scenario: readScenario(join(folder, file)) }));
}

/** @returns The file. */
export function writeFound(scenario: AnyScenario, invariant: Invariant, folder = FOUND_FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${invariant.toLowerCase()}-${scenario.seed}.json`);
  writeFileSync(file, `${JSON.stringify(scenario, undefined, 2)}\n`);
  return file;
}

export function readScenario(file: string): AnyScenario {
  // Written above.
  return JSON.parse(readFileSync(file, 'utf8')) as AnyScenario;
}
