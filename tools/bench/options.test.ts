import { describe, expect, it } from '@jest/globals';
import { BenchOptionError, parseBenchOptions } from './options.ts';

const DEFAULTS = { out: 'results', seed: 5, subjects: ['direct', 'omni'] };

describe('parseBenchOptions', () => {
  it('gives nine rounds of two seconds of everything by default', () => {
    expect(parseBenchOptions([], DEFAULTS)).toEqual({
      only: [],
      workloads: [
        ...['w1', 'w2', 'half', 'alloc', 'list', 'sessions', 'large', 'w10', 'many'],
        ...['stdio', 'isolation', 'kill', 'policies', 'overload', 'greedy'],
      ],
      sizes: [200, 10_000, 100_000],
      connections: [1, 8, 32],
      rounds: 9,
      seconds: 2,
      seed: 5,
      out: 'results',
      json: false,
      gate: false,
    });
  });

  it('makes a quick run short, and lets single options win over it', () => {
    expect(parseBenchOptions(['--quick', '--rounds', '4'], DEFAULTS)).toMatchObject({
      rounds: 4,
      seconds: 1,
    });
  });

  it('reads lists', () => {
    expect(
      parseBenchOptions(
        ['--only', 'omni, direct', '--workloads', 'W1', '--sizes', '0.2', '--connections', '8,32'],
        DEFAULTS,
      ),
    ).toMatchObject({
      only: ['omni', 'direct'],
      workloads: ['w1'],
      sizes: [200],
      connections: [8, 32],
    });
  });

  it('gives nothing when help is asked for', () => {
    expect(parseBenchOptions(['--help'], DEFAULTS)).toBeUndefined();
  });

  it.each([
    [['--only', 'nobody'], '--only: "nobody" is not one of direct, omni'],
    [['--rounds', '0'], '--rounds: "0" is not a whole number above 0 and up to 100'],
    [['--rounds', '2.5'], '--rounds: "2.5" is not a whole number above 0 and up to 100'],
    [['--seconds', '600'], '--seconds: "600" is not a number above 0 and up to 60'],
    [['--sizes', '1'], '--sizes: "1" is not one of 0.2, 10, 100, 1000'],
    [['--connections', '8,'], '--connections has an empty item'],
  ])('refuses %j with words that help', (args, message) => {
    expect(() => parseBenchOptions(args, DEFAULTS)).toThrow(new BenchOptionError(message));
  });

  it('refuses an option that it does not know', () => {
    expect(() => parseBenchOptions(['--fast'], DEFAULTS)).toThrow(BenchOptionError);
  });
});
