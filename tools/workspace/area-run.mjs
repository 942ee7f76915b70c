/**
 * Runs the end-to-end tests of one area, as a task of Nx: `node tools/workspace/area-run.mjs AREA`. Omni is
 * started from its bundle, which the task before has made.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLED, END_TO_END, patternOf, resultsOf } from './areas.mjs';
import { runJestTask } from './jest-task.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [area = ''] = process.argv.slice(2);

process.exitCode = await runJestTask(
  resultsOf(area),
  [`--config=${END_TO_END}/jest.config.mjs`, `--testPathPatterns=${patternOf(area)}`, '--runInBand'],
  { OMNI_E2E_MAIN: join(ROOT, BUNDLED) },
);
