import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { leaveOut, loadRequirementSet, type Revision } from './requirement-set.ts';
import { runSuiteProgram } from './suite-program.ts';
import { readSuiteResults, type SuiteResult } from './suite-results.ts';

/** How the client of a scenario is connected. */
export interface ClientRoute {
  /** `direct` to the server of the suite, or the front of Omni that stands before it. */
  readonly front: 'direct' | 'http' | 'stdio';
  /** Era of the client; default: that of the revision. */
  readonly era?: 'legacy' | 'modern';
  /** File that starts Omni; default: its sources. */
  readonly main?: string | undefined;
}

export interface ClientSuiteOptions {
  /** Scenarios that are left out. */
  readonly without?: readonly string[];
  /** Told the end of what the suite says of a scenario that it does not let pass. */
  readonly onRefused?: (text: string) => void;
}

const DRIVER = fileURLToPath(new URL('client/main.ts', import.meta.url));
/** Each scenario is three processes, two of which mostly wait. */
const AT_ONCE = 2;
/** Characters of what the suite says of a failure. */
const MAX_TOLD = 2_000;

/**
 * Runs the client scenarios of the official conformance suite, each in a process of its own. In place of a
 * client under test stands our driver: a client of the SDK, with or without Omni between. Rejects when the
 * suite leaves nothing to read.
 */
export async function runClientSuite(
  revision: Revision,
  route: ClientRoute,
  { without = [], onRefused }: ClientSuiteOptions = {},
): Promise<SuiteResult> {
  const set = leaveOut(await loadRequirementSet(revision, 'client'), without);
  const folder = await mkdtemp(join(tmpdir(), 'omni-conformance-'));
  const refused = new Set<string>();
  const waiting = [...set.scored, ...set.unscored];
  const work = async (): Promise<void> => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      const { exitCode, output } = await runScenario(scenario, revision, route, folder);
      if (exitCode === 0) continue;
      refused.add(scenario);
      onRefused?.(
        `${scenario}: the suite ended with ${exitCode}\n${stripVTControlCharacters(output).slice(-MAX_TOLD)}`,
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return await readSuiteResults(folder, set, refused);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runScenario(
  scenario: string,
  revision: Revision,
  { front, era, main }: ClientRoute,
  folder: string,
): ReturnType<typeof runSuiteProgram> {
  const options = [
    '--front',
    front,
    ...(era === undefined ? [] : ['--era', era]),
    ...(main === undefined ? [] : ['--omni', main]),
  ];
  // The suite hands it to a shell.
  const command = [process.execPath, '--conditions=@omni/source', DRIVER, ...options]
    .map((word) => `"${word}"`)
    .join(' ');
  return await runSuiteProgram([
    'client',
    '--command',
    command,
    '--scenario',
    scenario,
    '--spec-version',
    revision,
    '-o',
    folder,
  ]);
}
