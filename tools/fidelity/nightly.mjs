/**
 * What is too long for every change: the isolation of answers with 25 times as many messages
 * (`OMNI_LEAK_MESSAGES` sets another number), every value of the corpus through every combination of client
 * and server, and twice as many clients that read slowly.
 */
import { fileURLToPath } from 'node:url';
import { runInForeground } from '../workspace/foreground.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MESSAGES = '5000000';
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];

process.exitCode = await runInForeground(
  process.execPath,
  [
    ...JEST,
    '--projects',
    'apps/master-server-e2e/jest.config.mjs',
    '--runInBand',
    '--testPathPatterns=(?:isolation-of-answers|fidelity|slow-clients)\\.test\\.ts$',
  ],
  {
    cwd: ROOT,
    env: { OMNI_LEAK_MESSAGES: MESSAGES, OMNI_FIDELITY: 'all', OMNI_SLOW_READERS: '100', ...process.env },
  },
);
