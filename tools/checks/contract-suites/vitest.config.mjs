import { defineConfig } from 'vitest/config';

const conditions = ['@omni/source', 'node', 'import', 'default'];

export default defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ['under-vitest.ts'] },
});
