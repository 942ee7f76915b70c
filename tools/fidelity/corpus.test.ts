import { describe, expect, it } from '@jest/globals';
import { createCorpus } from './corpus.ts';

const corpus = createCorpus();
const shallow = corpus.filter(({ category }) => category !== 'beyond the limits');

describe('the fidelity corpus', () => {
  it('holds at least 5,000 different JSON values, the same in every run', () => {
    expect(new Set(corpus.map(({ text }) => text)).size).toBe(corpus.length);
    expect(shallow.length).toBeGreaterThanOrEqual(5_000);
    expect(createCorpus()).toEqual(corpus);
  });

  it('holds nothing but JSON that UTF-8 can carry', () => {
    for (const { text } of corpus) expect(() => JSON.parse(text)).not.toThrow();
    expect(corpus.filter(({ text }) => !text.isWellFormed())).toEqual([]);
  });

  it('notices whoever builds values: most of it changes on the way through JSON.parse and JSON.stringify', () => {
    const changed = shallow.filter(({ text }) => JSON.stringify(JSON.parse(text)) !== text).length;
    expect(changed / shallow.length).toBeGreaterThan(0.5);
  });
});
