import { ENV_CANARY } from '../request-bytes.ts';
import type { StdioRow } from '../stdio-row.ts';
import type { CallOutcome, StdioContext } from '../stdio-context.ts';
import { until } from '../until.ts';

const CAP = 16 * 1_048_576;
const MIB = 1_048_576;

function expectValue(what: string, outcome: CallOutcome, value: unknown): readonly string[] {
  return outcome.value === value && outcome.problem === undefined
    ? []
    : [`${what}: expected ${JSON.stringify(value)}, got ${shown(outcome)}`];
}

function expectCode(what: string, outcome: CallOutcome, code: string): readonly string[] {
  return outcome.code === code && outcome.problem === undefined
    ? []
    : [`${what}: expected ${code}, got ${shown(outcome)}`];
}

function shown({ value, code, message, problem, tookMs }: CallOutcome): string {
  return JSON.stringify({
    value: typeof value === 'string' ? value.slice(0, 40) : value,
    code,
    message: message.slice(0, 200),
    problem,
    tookMs: Math.round(tookMs),
  });
}

function broken(
  kind: string,
  expect: (outcome: CallOutcome) => readonly string[],
): StdioRow['cases'][number] {
  return {
    name: kind,
    run: async ({ call }) => [
      ...expect(await call('disorder', 'broken', { kind })),
      ...expectValue('the next call', await call('disorder', 'echo', { value: kind }), kind),
    ],
  };
}

const isRight = (outcome: CallOutcome): readonly string[] => expectValue('the call', outcome, 'right');
const isProtocolError = (outcome: CallOutcome): readonly string[] => [
  ...expectCode('the call', outcome, 'OMNI_UPSTREAM_PROTOCOL'),
  ...(outcome.message.includes('disorder') && outcome.tookMs < 900
    ? []
    : [`not named, or late: ${shown(outcome)}`]),
];

/** What a server may say. */
export const TALK_ROWS: readonly StdioRow[] = [
  {
    id: 'S01',
    title: 'lines that are no message',
    cases: [
      {
        name: 'calls work beside them',
        run: async ({ call }) => {
          const outcomes = await Promise.all(
            Array.from({ length: 20 }, (_, at) => call('noisy', 'echo', { value: at })),
          );
          return outcomes.flatMap((outcome, at) => expectValue(`call ${at}`, outcome, at));
        },
      },
      {
        name: 'one warning, of at most 80 harmless characters',
        run: async ({ omni }) => {
          const warningsSoFar = (): readonly string[] =>
            omni
              .log()
              .split('\n')
              .filter((line) => line.includes('"upstream":"noisy"') && line.includes('not MCP'));
          await until(() => warningsSoFar().length > 0);
          const warnings = warningsSoFar();
          const excerpt = /"excerpt":"([^"]*)/.exec(warnings[0] ?? '')?.[1] ?? '';
          return [
            ...(warnings.length === 1 ? [] : [`${warnings.length} warnings`]),
            ...(excerpt.length <= 82 && !omni.log().includes('\u001b') && !omni.log().includes(ENV_CANARY)
              ? []
              : [`excerpt ${excerpt}`]),
          ];
        },
      },
      {
        name: 'the server counts as ready',
        run: async ({ details }) => ((await details('noisy')).state === 'ready' ? [] : ['it does not']),
      },
    ],
    note: 'A rate above which a server counts as degraded does not exist yet.',
  },
  {
    id: 'S02',
    title: 'lines without end',
    cases: [
      {
        name: '64 MB without a line break',
        run: async ({ call, omni }) => {
          const before = omni.memory();
          const running = call('big', 'flood', { bytes: 64 * MIB });
          let peak = 0;
          const sampling = setInterval(() => (peak = Math.max(peak, omni.memory())), 20);
          const outcome = await running;
          clearInterval(sampling);
          const grownMiB = (Math.max(peak, omni.memory()) - before) / MIB;
          return [
            ...expectCode('the call', outcome, 'OMNI_UPSTREAM_TOO_LARGE'),
            ...(grownMiB <= (2 * CAP) / MIB + 32
              ? []
              : [`resident memory grew by ${Math.round(grownMiB)} MiB`]),
            ...expectValue('the next call', await call('big', 'echo', { value: 'on' }), 'on'),
          ];
        },
      },
      ...[-1, 0].map((offset) => ({
        name: `cap ${offset}`,
        run: async ({ call }: StdioContext) => {
          const outcome = await call('big', 'sized', { bytes: CAP + offset });
          return typeof outcome.value === 'string' && outcome.value.length > CAP - 1_000
            ? []
            : [shown(outcome)];
        },
      })),
      {
        name: 'cap + 1',
        run: async ({ call }) => [
          ...expectCode(
            'the call',
            await call('big', 'sized', { bytes: CAP + 1 }),
            'OMNI_UPSTREAM_TOO_LARGE',
          ),
          ...expectValue('the next call', await call('big', 'echo', { value: 'on' }), 'on'),
        ],
      },
      {
        name: 'all that are in flight hear of it',
        run: async ({ call }) => {
          const waiting = Array.from({ length: 5 }, () => call('big', 'hang'));
          await new Promise((resolve) => setTimeout(resolve, 100));
          const flood = await call('big', 'flood', { bytes: 17 * MIB });
          const outcomes = await Promise.all(waiting);
          return [flood, ...outcomes].flatMap((outcome) =>
            expectCode('a call', outcome, 'OMNI_UPSTREAM_TOO_LARGE'),
          );
        },
      },
      broken('line-break', (outcome) => expectCode('the call', outcome, 'OMNI_UPSTREAM_TIMEOUT')),
    ],
    note: 'A line break inside a string makes two lines that are no message; whose answer it was cannot be told, so the call ends with its own timeout.',
  },
  {
    id: 'S03',
    title: 'any division into writes',
    cases: [
      {
        name: 'byte by byte',
        run: async ({ call }) => {
          const value = 'é€😀\u0000\\"\u2028';
          const outcomes = await Promise.all(
            Array.from({ length: 5 }, () => call('trickle', 'echo', { value })),
          );
          return outcomes.flatMap((outcome) => expectValue('a call', outcome, value));
        },
      },
      {
        name: '500 answers in one write',
        run: async ({ call }) => {
          const outcomes = await Promise.all(
            Array.from({ length: 500 }, (_, at) => call('big', 'gather', { count: 500, value: at })),
          );
          return outcomes.flatMap((outcome, at) => expectValue(`call ${at}`, outcome, at)).slice(0, 3);
        },
      },
    ],
  },
  {
    id: 'S04',
    title: 'answers that do not fit their questions',
    cases: [
      {
        name: 'out of order',
        run: async ({ call }) => {
          const outcomes = await Promise.all(
            Array.from({ length: 20 }, (_, at) =>
              call('disorder', 'gather', { count: 20, kind: 'reversed', value: at }),
            ),
          );
          return outcomes.flatMap((outcome, at) => expectValue(`call ${at}`, outcome, at));
        },
      },
      ...['twice', 'unknown-id', 'other-type', 'fraction', 'error-null', 'id-twice'].map((kind) =>
        broken(kind, isRight),
      ),
      ...['id-as-text', 'id-as-decimal'].map((kind) => broken(kind, isRight)),
      ...['both', 'neither', 'error-text', 'too-deep'].map((kind) => broken(kind, isProtocolError)),
      {
        name: 'late, after the timeout: nobody else gets it',
        run: async ({ call }) => {
          const late = await call('disorder', 'late', { ms: 1_500 });
          const problems = [...expectCode('the late call', late, 'OMNI_UPSTREAM_TIMEOUT')];
          for (let at = 0; at < 16; at++) {
            problems.push(
              ...expectValue('a call behind it', await call('disorder', 'echo', { value: at }), at),
            );
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          return problems;
        },
      },
    ],
  },
];
