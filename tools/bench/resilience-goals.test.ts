import { describe, expect, it } from '@jest/globals';
import type { Cell, GoalResult, Measurements, Overload, OverloadSample } from './bench-result.ts';
import { judgeGoals } from './goals.ts';
import type { Estimate } from './statistics.ts';

function estimate(median: number): Estimate {
  return { median, low: median, high: median, rounds: 9 };
}

function goal(id: string, measured: Omit<Measurements, 'throughput'>): GoalResult {
  const found = judgeGoals({ throughput: [], ...measured }).find((candidate) => candidate.id === id);
  if (found === undefined) throw new TypeError(`no goal is called ${id}`);
  return found;
}

function cell(of: string, to: string, rate: number, perCore: number, connections = 32): Cell {
  const ratios = [{ of, to, callsPerSecond: estimate(rate), perCore: estimate(perCore) }];
  return { bytes: 200, connections, rounds: 9, roundsKept: 9, subjects: [], ratios };
}

describe('goals of stdio at both ends', () => {
  const stdio = {
    subjects: [],
    skipped: [],
    cells: [cell('omni', 'tooner', 0.95, 0.5, 1), cell('omni', 'tooner', 1.5, 1.25)],
  };

  it('go by the rate, whatever the reference used of its core', () => {
    expect(goal('stdio-tooner', { stdio })).toMatchObject({ value: 1.5, reached: true });
    expect(goal('stdio-tooner-one', { stdio })).toMatchObject({ value: 0.95, reached: true });
  });

  it('demand less CPU per call than the Go proxies need', () => {
    expect(goal('stdio-cpu-tooner', { stdio })).toMatchObject({ value: 0.8, reached: true });
    expect(goal('stdio-cpu-slop-mcp', { stdio })).toMatchObject({ note: 'not measured' });
  });
});

describe('goals of isolation', () => {
  const manner = (name: string, ratio: number, faults = 0) => ({
    manner: name,
    callP99Ratio: estimate(ratio),
    listP99Ratio: estimate(1),
    callP99Ms: estimate(1),
    listP99Ms: estimate(1),
    faults,
  });
  const isolation = (...manners: ReturnType<typeof manner>[]) => ({
    isolation: { upstreams: 10, bad: 3, manners, samples: [], roundsKept: 9, skipped: [] },
  });

  it('go by the manner that costs the others most', () => {
    expect(goal('isolation-calls', isolation(manner('slow', 1.2), manner('dead', 2.1)))).toMatchObject({
      value: 2.1,
      reached: false,
    });
    expect(goal('isolation-lists', isolation(manner('slow', 1.2)))).toMatchObject({ reached: true });
  });

  it('are missed when calls of the others fail', () => {
    expect(goal('isolation-calls', isolation(manner('slow', 1.2, 3)))).toMatchObject({
      reached: false,
      note: '3 calls failed; median of 9 rounds',
    });
  });

  it('demand that a killed child costs no safe call', () => {
    const kill = { longestMs: estimate(1_200), faults: 0, calls: 9_000, samples: [], skipped: [] };
    expect(goal('kill', { kill })).toMatchObject({ value: 1.2, unit: 's', reached: true });
    expect(goal('kill', { kill: { ...kill, faults: 1 } })).toMatchObject({ reached: false });
  });
});

describe('goals of policies', () => {
  const halfLoad = { subjects: [], skipped: [], calibrations: [] };
  const throughput = (of: string, to: string, perCore: number) => ({
    workload: 'policies' as const,
    subjects: [],
    skipped: [],
    calibrations: [],
    cells: [cell(of, to, perCore, perCore)],
  });

  it('take what a call costs beside the bare path', () => {
    const policies = { halfLoad, throughput: throughput('omni-policies', 'omni-bare', 0.8) };
    expect(goal('policies-on', { policies })).toMatchObject({ value: 1.25, reached: false });
    expect(goal('policies-off', { policies })).toMatchObject({ note: 'not measured' });
  });

  it('take what policies that are off cost beside a commit without them', () => {
    const policies = { halfLoad, throughput: throughput('omni-bare', 'omni-before', 1) };
    expect(goal('policies-off', { policies })).toMatchObject({ value: 1, reached: true });
  });
});

describe('goals of overload', () => {
  const sample: OverloadSample = {
    round: 0,
    peakPerSecond: 1_000,
    peakP99Ms: 10,
    goodPerSecond: 950,
    refused: 10,
    faults: 0,
    p99Ms: 20,
    fairMs: 10,
    healthMaxMs: 50,
    memoryGrowth: 1,
    peakRssBytes: 1,
    recoveryMs: 100,
  };
  const overload = (samples: readonly OverloadSample[], goodput: number) => {
    const kind: Overload = {
      kind: 'upstream',
      goodput: estimate(goodput),
      p99Ratio: estimate(2),
      p99Ms: estimate(20),
      healthMaxMs: estimate(101),
      memoryGrowth: estimate(1.1),
      recoveryMs: estimate(1_999),
      samples,
    };
    return { overload: { kinds: [kind], skipped: [] } };
  };

  it('have a limit each', () => {
    const measured = overload([sample], 0.9);
    expect(goal('upstream-goodput', measured)).toMatchObject({ reached: true });
    expect(goal('upstream-p99', measured)).toMatchObject({ reached: true });
    expect(goal('upstream-health', measured)).toMatchObject({ reached: false });
    expect(goal('upstream-memory', measured)).toMatchObject({ reached: true });
    expect(goal('upstream-recovery', measured)).toMatchObject({ value: 1.999, reached: true });
    expect(goal('cpu-second', measured)).toMatchObject({ note: 'not measured' });
  });

  it('demand goodput, and that refusals are the only failures', () => {
    expect(goal('upstream-goodput', overload([sample], 0.89))).toMatchObject({ reached: false });
    expect(goal('upstream-goodput', overload([{ ...sample, faults: 2 }], 1))).toMatchObject({
      reached: false,
      note: '2 calls failed; median of 9 rounds',
    });
  });

  it('demand that a greedy user costs the others neither time nor calls', () => {
    const round = {
      round: 0,
      aloneP99Ms: 10,
      besideP99Ms: 20,
      faults: 0,
      refused: 0,
      greedyPerSecond: 500,
      greedyRefused: 3_000,
    };
    const greedy = (refused: number) => ({
      users: 1_000,
      p99Ratio: estimate(2),
      aloneP99Ms: estimate(10),
      besideP99Ms: estimate(20),
      samples: [{ ...round, refused }],
      skipped: [],
    });
    expect(goal('greedy', { greedy: greedy(0) })).toMatchObject({ reached: true });
    expect(goal('greedy', { greedy: greedy(1) })).toMatchObject({ reached: false });
  });
});
