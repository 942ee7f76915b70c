import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { AREAS, END_TO_END, patternOf, resultsOf, targetOf } from '../workspace/areas.mjs';

const ROOT = join(import.meta.dirname, '../..');
const FILES = globSync(`${END_TO_END}/src/**/*.test.ts`, { cwd: ROOT }).map((file) => `/${file}`);

describe('the areas of the end-to-end tests', () => {
  it.each(FILES)('has %s in one of them', (file) => {
    const areas = Object.keys(AREAS).filter((area) => new RegExp(patternOf(area)).test(file));
    expect(areas).toHaveLength(1);
  });

  it.each(Object.entries(AREAS).flatMap(([area, names]) => names.map((name) => [area, name])))(
    'has in %s nothing but tests that are there: %s',
    (_area, name) => {
      const begin = `/${END_TO_END}/src/${name}`;
      expect(
        FILES.some((file) => file === `${begin}.test.ts` || (name.endsWith('/') && file.startsWith(begin))),
      ).toBe(true);
    },
  );

  it('is a task of Nx each', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, END_TO_END, 'package.json'), 'utf8'));
    const tasks = Object.keys(AREAS).map((area) => [
      targetOf(area),
      {
        outputs: [resultsOf(area).replace(END_TO_END, '{projectRoot}')],
        options: { command: `node tools/workspace/area-run.mjs ${area}` },
      },
    ]);
    const { e2e, ...areas } = manifest.nx.targets;
    expect(areas).toEqual(Object.fromEntries(tasks));
    expect(e2e).toEqual({ executor: 'nx:noop', dependsOn: ['e2e-*'] });
  });
});
