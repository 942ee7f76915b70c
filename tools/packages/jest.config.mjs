import preset from '../workspace/jest-preset.mjs';

export default { ...preset, roots: ['<rootDir>'], displayName: 'packages' };
