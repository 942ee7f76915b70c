/** What is too long for every change, one after another; goes on after a failure. */
import { fileURLToPath } from 'node:url';
import { runInForeground } from './foreground.mjs';
import { CALL_COST } from './tasks.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SIMULATE = ['--conditions=@omni/source', 'tools/simulation/main.ts'];
const PROGRAMS = [
  ['tools/fidelity/nightly.mjs'],
  ['--conditions=@omni/source', 'tools/guards/main.ts'],
  ['tools/monorepo/nightly.mjs'],
  CALL_COST,
  ['--conditions=@omni/source', 'tools/fuzz/main.ts', '--seconds', '300'],
  [...SIMULATE, '--suite', 'night', '--need-conditions', '--resume', 'reports/simulation/night.jsonl'],
  [...SIMULATE, '--planted'],
];

for (const argv of PROGRAMS) {
  const code = await runInForeground(process.execPath, argv, { cwd: ROOT, env: process.env });
  if (code !== 0) process.exitCode = code;
  if (code > 128) break; // somebody ended it
}
