import { fileURLToPath } from 'node:url';

/** What every project's jest.config.mjs builds on: native ESM, swc, workspace sources without a build. */
export default {
  rootDir: '.',
  roots: ['<rootDir>/src'],
  testEnvironment: 'node',
  setupFiles: [fileURLToPath(new URL('property-seed.mjs', import.meta.url))],
  setupFilesAfterEnv: [fileURLToPath(new URL('test-time-limit.mjs', import.meta.url))],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  testEnvironmentOptions: { customExportConditions: ['@omni/source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: { target: 'es2024', parser: { syntax: 'typescript' }, keepClassNames: true },
      },
    ],
  },
};
