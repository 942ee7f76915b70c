import preset from '../workspace/jest-preset.mjs';

export default { ...preset, displayName: 'conformance', roots: ['<rootDir>'] };
