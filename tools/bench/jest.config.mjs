import preset from '../workspace/jest-preset.mjs';

export default {
  ...preset,
  displayName: 'bench',
  roots: ['<rootDir>'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/peers/', '<rootDir>/results/'],
  modulePathIgnorePatterns: ['<rootDir>/peers/'],
};
