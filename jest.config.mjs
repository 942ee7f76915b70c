/** All unit tests in one run. The end-to-end tests have their own run, one file at a time. */
export default {
  projects: [
    '<rootDir>/libs/*/jest.config.mjs',
    '<rootDir>/libs/*/*/jest.config.mjs',
    '<rootDir>/apps/!(*-e2e)/jest.config.mjs',
    '<rootDir>/tools/*/jest.config.mjs',
  ],
};
