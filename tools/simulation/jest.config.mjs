import preset from '../workspace/jest-preset.mjs';

export default { ...preset, displayName: 'simulation', roots: ['<rootDir>'] };
