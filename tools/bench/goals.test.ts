import { describe, expect, it } from '@jest/globals';
import type { AllocationSubject, CellSubject, GoalResult, Measurements } from './bench-result.ts';
import { judgeGoals } from './goals.ts';
import type { Estimate } from './statistics.ts';

function estimate(median: number, rounds = 9): Estimate {
  return { median, low: median, high: median, rounds };
}

function measurements(forwarder: { rates: number; perCore: number; coreShare: number }): Measurements {
  const subject: CellSubject = {
    name: 'node-forwarder',
    callsPerSecond: estimate(30_000),
    p50Us: 1,
    p95Us: 1,
    p99Us: 1,
    cpuUsPerCall: 20,
    coreShare: forwarder.coreShare,
    faults: 0,
    samples: [],
  };
  const ratios = [
    {
      of: 'omni-bare',
      to: 'node-forwarder',
      callsPerSecond: estimate(forwarder.rates),
      perCore: estimate(forwarder.perCore),
    },
  ];
  const cells = [{ bytes: 200, connections: 32, rounds: 9, roundsKept: 9, subjects: [subject], ratios }];
  return {
    throughput: [{ workload: 'W1', subjects: [], skipped: [], calibrations: [], cells }],
    startUp: { readyMs: estimate(400), idleRssBytes: estimate(80 * 1_048_576, 3), samples: [], skipped: [] },
  };
}

function goal(id: string, measured: Measurements): GoalResult | undefined {
  return judgeGoals(measured).find((candidate) => candidate.id === id);
}

describe('judgeGoals', () => {
  it('takes the ratio of rates when the reference had its core full', () => {
    expect(
      goal('forwarder-ratio', measurements({ rates: 0.75, perCore: 0.2, coreShare: 0.97 })),
    ).toMatchObject({
      value: 0.75,
      reached: true,
    });
  });

  it('takes the worse ratio when the reference was held back', () => {
    expect(goal('forwarder-ratio', measurements({ rates: 0.9, perCore: 0.5, coreShare: 0.6 }))).toMatchObject(
      {
        value: 0.5,
        reached: false,
      },
    );
  });

  it('takes the CPU of a call of the bare path as times of that of the forwarder', () => {
    expect(goal('forwarder-cpu', measurements({ rates: 1, perCore: 0.8, coreShare: 1 }))).toMatchObject({
      value: 1.25,
      reached: true,
    });
  });

  it('says so when a goal was not measured', () => {
    expect(goal('sdk-ratio', measurements({ rates: 1, perCore: 1, coreShare: 1 }))).toMatchObject({
      value: undefined,
      reached: undefined,
      note: 'not measured',
    });
    expect(judgeGoals({ throughput: [] }).filter(({ reached }) => reached !== undefined)).toEqual([]);
  });

  it('says what is the most that could be reached', () => {
    const { throughput, ...rest } = measurements({ rates: 1, perCore: 1, coreShare: 1 });
    const [w1] = throughput;
    const [cell] = w1?.cells ?? [];
    const ratios = [
      { of: 'omni', to: 'supergateway', callsPerSecond: estimate(6), perCore: estimate(6) },
      { of: 'node-responder', to: 'supergateway', callsPerSecond: estimate(8), perCore: estimate(8) },
    ];
    const w2 = {
      workload: 'W2' as const,
      subjects: [],
      skipped: [],
      calibrations: [],
      cells: cell === undefined ? [] : [{ ...cell, ratios }],
    };
    expect(goal('stdio-supergateway', { ...rest, throughput: [w2] })).toMatchObject({
      value: 6,
      reached: false,
      note: expect.stringContaining('node-responder, which calls nobody, has 8.00 x'),
    });
  });

  it('judges what is allocated for each kind of upstream, in KB', () => {
    const subject = (kind: 'http' | 'stdio', bytes: number): AllocationSubject => ({
      name: 'omni',
      kind,
      bytesPerCall: estimate(bytes),
      gcShare: estimate(0.01),
      samples: [],
    });
    const allocation = {
      subjects: [subject('http', 16_384), subject('stdio', 8_192)],
      ownBytesPerCall: estimate(4_096),
      skipped: [],
    };
    const judged = judgeGoals({ throughput: [], allocation }).filter(({ reached }) => reached !== undefined);
    expect(judged.map(({ id, value, reached }) => [id, value, reached])).toEqual([
      ['allocation-http', 16, false],
      ['allocation-stdio', 8, true],
      ['allocation-own', 4, true],
    ]);
  });

  it('takes a limit that is to be undercut as missed when it is just met', () => {
    expect(goal('ready', measurements({ rates: 1, perCore: 1, coreShare: 1 }))).toMatchObject({
      value: 400,
      reached: false,
    });
  });

  it('warns when few rounds stand behind a value', () => {
    expect(goal('idle-rss', measurements({ rates: 1, perCore: 1, coreShare: 1 }))).toMatchObject({
      value: 80,
      reached: true,
      note: 'only 3 rounds kept: proves nothing',
    });
  });

  it('judges how soon omni stdio answers, and says of results from before that it was not measured', () => {
    const measured = measurements({ rates: 1, perCore: 1, coreShare: 1 });
    const { startUp } = measured;
    if (startUp === undefined) throw new TypeError('a start is measured');
    expect(goal('stdio-ready', measured)).toMatchObject({ note: 'not measured' });
    const judged = (ms: number): unknown =>
      goal('stdio-ready', { ...measured, startUp: { ...startUp, stdioMs: estimate(ms) } })?.reached;
    expect([399, 400].map(judged)).toEqual([true, false]);
  });
});
