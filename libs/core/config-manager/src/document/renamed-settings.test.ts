import { describe, expect, it } from '@jest/globals';
import { parseConfiguration } from '../parse-configuration.ts';

const SERVERS = 'mcpServers: { up: { command: up } }\n';

function parse(...texts: readonly string[]): ReturnType<typeof parseConfiguration> {
  return parseConfiguration(
    texts.map((text, index) => ({
      role: 'base' as const,
      path: `${index}.yaml`,
      text: index === 0 ? SERVERS + text : text,
    })),
    { env: {} },
  );
}

describe('a setting under its old name', () => {
  it.each([
    [
      'naming: { asker: false }',
      { naming: { labelElicitations: false } },
      'naming.asker',
      'naming.labelElicitations',
    ],
    [
      'limits: { maxHeldBytes: 2097152 }',
      { limits: { maxUnfinishedBytes: 2_097_152 } },
      'limits.maxHeldBytes',
      'limits.maxUnfinishedBytes',
    ],
  ])('is read and warned of: %s', (text, expected, old, present) => {
    const configuration = parse(text);
    expect(configuration).toMatchObject(expected);
    expect(configuration.warnings).toEqual([
      expect.stringContaining(`${old} is now called ${present}; rename it`),
    ]);
  });

  it('is warned of where it stands', () => {
    expect(parse('naming:\n  asker: true\n').warnings).toEqual([
      expect.stringMatching(/^0\.yaml:3:3 {2}naming\.asker/),
    ]);
  });

  it('keeps the value of its source in messages about it', () => {
    expect(() => parse('naming: { asker: perhaps }')).toThrow(/must be true or false, found "perhaps"/);
  });

  it('cannot stand beside the present one', () => {
    const both = /naming\.asker is the old name of naming\.labelElicitations, which is set too/;
    expect(() => parse('naming: { asker: true, labelElicitations: true }')).toThrow(both);
  });

  it('is the same setting in every source: the last one counts', () => {
    const present = 'naming: { labelElicitations: false }';
    expect(parse('naming: { asker: true }', present).naming.labelElicitations).toBe(false);
    expect(parse(present, 'naming: { asker: true }').naming.labelElicitations).toBe(true);
  });

  it('is not warned of under its present name', () => {
    expect(parse('naming: { labelElicitations: false }').warnings).toEqual([]);
  });
});
