import type {
  GreedyResult,
  HalfLoadResult,
  IsolationResult,
  KillResult,
  Measurements,
  Overload,
  OverloadResult,
  PoliciesResult,
  StdioResult,
  ThroughputResult,
} from './bench-result.ts';
import { cellText, FEW_ROUNDS, MIB, shown, skippedText, table } from './report-parts.ts';

/** How tables of other workloads are written. */
interface OtherTexts {
  readonly throughputText: (result: ThroughputResult) => string;
  readonly halfLoadText: (result: HalfLoadResult) => string;
}

const OVERLOADS: Readonly<Record<Overload['kind'], string>> = {
  upstream: 'a server that takes R is offered 4 R',
  cpu: '512 connections in a closed loop, a fast server',
};

/** What bad servers, too many calls and policies do, and stdio at both ends: one text for each workload. */
export function resilienceTexts(result: Measurements, texts: OtherTexts): string[] {
  const { stdio, isolation, kill, policies, overload, greedy } = result;
  return [
    ...(stdio === undefined ? [] : [stdioText(stdio)]),
    ...(isolation === undefined ? [] : [isolationText(isolation)]),
    ...(kill === undefined ? [] : [killText(kill)]),
    ...(policies === undefined ? [] : [policiesText(policies, texts)]),
    ...(overload === undefined ? [] : [overloadText(overload)]),
    ...(greedy === undefined ? [] : [greedyText(greedy)]),
  ];
}

function stdioText({ subjects, cells, skipped }: StdioResult): string {
  return [
    '## Stdio in, stdio out: tools/call of one client, c calls at the same time',
    ...cells.map(cellText),
    table(
      ['subject', 'what'],
      subjects.map(({ name, description }) => [name, description]),
    ),
    ...skippedText(skipped),
  ].join('\n\n');
}

function isolationText({ upstreams, bad, manners, roundsKept, skipped }: IsolationResult): string {
  const rows = manners.map(({ manner, callP99Ms, callP99Ratio, listP99Ms, listP99Ratio, faults }) => [
    manner,
    shown(callP99Ms, 2),
    shown(callP99Ratio, 2),
    shown(listP99Ms, 2),
    shown(listP99Ratio, 2),
    String(faults),
  ]);
  return [
    `## Isolation: ${bad} of ${upstreams} servers behave badly (${roundsKept} rounds kept)`,
    table(
      [
        `the ${bad} are`,
        'call p99 ms of the others',
        '÷ well',
        'list p99 ms',
        '÷ well',
        'faults of the others',
      ],
      rows,
    ),
    ...skippedText(skipped),
  ].join('\n\n');
}

function killText({ longestMs, faults, calls, samples, skipped }: KillResult): string {
  const rows = [
    ['longest call, ms', shown(longestMs, 0)],
    ['calls that failed', `${faults} of ${calls} in ${samples.length} kills`],
  ];
  return [
    '## Kill: a child ends by SIGKILL amid 500 safe calls a second',
    table(['figure', 'value'], rows),
    ...skippedText(skipped),
  ].join('\n\n');
}

function policiesText({ throughput, halfLoad }: PoliciesResult, texts: OtherTexts): string {
  return [texts.throughputText(throughput), texts.halfLoadText(halfLoad)].join('\n\n');
}

function overloadText({ kinds, skipped }: OverloadResult): string {
  const rows = kinds.map((overload) => {
    const { kind, goodput, p99Ms, p99Ratio, healthMaxMs, memoryGrowth, recoveryMs, samples } = overload;
    const peakMib = Math.max(...samples.map(({ peakRssBytes }) => peakRssBytes)) / MIB;
    const refused = samples.reduce((sum, sample) => sum + sample.refused, 0);
    const faults = samples.reduce((sum, sample) => sum + sample.faults, 0);
    return [
      OVERLOADS[kind],
      shown(goodput, 2),
      shown(p99Ms, 1),
      shown(p99Ratio, 2),
      shown(healthMaxMs, 0),
      `${peakMib.toFixed(0)}; ${shown(memoryGrowth, 2)}`,
      shown(recoveryMs, 0),
      `${refused} / ${faults}`,
    ];
  });
  const few = kinds.some(({ samples }) => samples.length < FEW_ROUNDS) ? ' (few rounds)' : '';
  return [
    `## Overload${few}`,
    table(
      [
        'what',
        'goodput ÷ peak',
        'p99 ms',
        'p99 ÷ reference',
        'slowest health ms',
        'RSS MB; 2nd ÷ 1st half',
        'recovery ms',
        'refused / faults',
      ],
      rows,
    ),
    'The reference is p99 at the peak for the server, and 512 ÷ the peak rate for the closed loop, where nobody can be faster on average.',
    ...skippedText(skipped),
  ].join('\n\n');
}

function greedyText({ users, aloneP99Ms, besideP99Ms, p99Ratio, samples, skipped }: GreedyResult): string {
  const sum = (pick: (sample: GreedyResult['samples'][number]) => number): string =>
    samples.reduce((total, sample) => total + pick(sample), 0).toFixed(0);
  const rows = [
    ['p99 of the others without the greedy one, ms', shown(aloneP99Ms, 1)],
    ['p99 of the others beside it, ms', shown(besideP99Ms, 1)],
    ['ratio', shown(p99Ratio, 2)],
    ['calls of the others that were refused', sum(({ refused }) => refused)],
    ['calls of the others that failed', sum(({ faults }) => faults)],
    ['calls of the greedy one that were refused', sum(({ greedyRefused }) => greedyRefused)],
  ];
  return [
    `## Greedy: ${users} users; one wants four times what the server takes, all others 0.3 of it`,
    table(['figure', 'value'], rows),
    ...skippedText(skipped),
  ].join('\n\n');
}
