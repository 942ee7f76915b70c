import { afterAll, describe, expect, it } from '@jest/globals';
import { BlockCoverage, stopCounting } from './block-coverage.ts';
import { CONTROLS } from './controls.ts';
import { readCorpus } from './corpus.ts';
import { fuzz } from './fuzz-loop.ts';
import { createTarget, TARGET_NAMES } from './targets.ts';

const SEED = 20_261_120;
/** Beyond the corpus, which is always tried whole. */
const SEARCH_MS = 300;
const CONTROL_RUNS = 10_000;
const TIMEOUT_MS = 60_000;

afterAll(stopCounting);

describe('fuzz targets', () => {
  it.each(TARGET_NAMES)(
    '%s keeps its promise for the corpus and for what a short search finds',
    async (name) => {
      const target = createTarget(name);
      const guide = new BlockCoverage(target.covers);
      const corpus = readCorpus(name);
      const { runs, findings } = await fuzz(target, {
        seed: SEED,
        maxRuns: Number.POSITIVE_INFINITY,
        maxMs: SEARCH_MS,
        guide,
        corpus,
      });
      await target.close?.();
      expect(findings.map(({ message }) => message)).toEqual([]);
      expect(runs).toBeGreaterThan(corpus.length);
      expect(guide.functions).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it.each(Object.entries(CONTROLS).map(([name, { mistake, target }]) => [name, mistake, target] as const))(
    'a search of %s notices code that %s',
    async (_name, _mistake, create) => {
      const target = create();
      const { findings } = await fuzz(target, { seed: SEED, maxRuns: CONTROL_RUNS });
      await target.close?.();
      expect(findings).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it('have one control each', () => {
    expect(Object.keys(CONTROLS)).toEqual(TARGET_NAMES);
  });
});
