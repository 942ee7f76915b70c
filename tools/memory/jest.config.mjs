import preset from '../workspace/jest-preset.mjs';

export default { ...preset, displayName: 'memory', roots: ['<rootDir>'] };
