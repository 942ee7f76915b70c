import { describe, expect, it } from '@jest/globals';
import { unitedInstructions } from './instructions-union.ts';

describe('unitedInstructions', () => {
  it('puts each below the name of its server', () => {
    expect(
      unitedInstructions([
        { server: 'a', text: 'One.' },
        { server: 'b', text: 'Two.' },
      ]),
    ).toBe('# a\n\nOne.\n\n# b\n\nTwo.');
  });

  it('is nothing when nobody says anything', () => {
    expect(unitedInstructions([])).toBeUndefined();
  });

  // guard: instructions/fair
  it('cuts who talks most, not who talks last', () => {
    const text =
      unitedInstructions([
        { server: 'loud', text: 'x'.repeat(1_000_000) },
        { server: 'b', text: 'Two.' },
      ]) ?? '';
    expect(text.length).toBeLessThanOrEqual(16_384);
    expect(text.length).toBeGreaterThan(16_300);
    expect(text.endsWith('[cut]\n\n# b\n\nTwo.')).toBe(true);
  });

  it('shares the room fairly between many that need too much', () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      server: `s${index}`,
      text: 'é😀'.repeat(1_000),
    }));
    const text = unitedInstructions(many) ?? '';
    expect(text.length).toBeLessThanOrEqual(16_384);
    expect(text).toContain('# s99');
    expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  });

  // guard: instructions/length
  it('stays within its length however many servers there are', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({ server: `server-${index}`, text: 'x' }));
    expect(unitedInstructions(many)?.length).toBeLessThanOrEqual(16_384);
  });
});
