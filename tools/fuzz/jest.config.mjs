import preset from '../workspace/jest-preset.mjs';

export default { ...preset, displayName: 'fuzz', roots: ['<rootDir>'] };
