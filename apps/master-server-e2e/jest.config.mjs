import preset from '../../tools/workspace/jest-preset.mjs';

// Programs start and talk to each other on machines that do other things too: only what hangs is to fail.
export default { ...preset, displayName: 'master-server-e2e', testTimeout: 20_000 };
