import preset from '../../../tools/workspace/jest-preset.mjs';

// The fixture is test code without tests of its own.
export default { ...preset, displayName: 'router', testPathIgnorePatterns: ['-fixture\\.test\\.ts$'] };
