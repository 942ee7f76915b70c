import { ENV_CANARY } from '../request-bytes.ts';
import type { StdioRow } from '../stdio-row.ts';
import type { CallOutcome, StdioContext } from '../stdio-context.ts';
import { until } from '../until.ts';

/** How long a failure may take to be told: 100 ms, and what a busy machine needs to end a process. */
const TOLD_MS = 1_000;
const MIB = 1_048_576;

function ending(
  name: string,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  how: string,
): StdioRow['cases'][number] {
  return {
    name,
    run: async ({ call, details }) => {
      const beside = Array.from({ length: 3 }, () => call('exits', 'hang'));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const startedAt = performance.now();
      const outcomes = await Promise.all([call('exits', tool, args), ...beside]);
      const tookMs = performance.now() - startedAt;
      const next = await call('exits', 'echo', { value: 1 });
      const isBack = await until(async () => (await details('exits')).state === 'ready', 15_000);
      const after = await call('exits', 'echo', { value: 2 });
      return [
        ...outcomes.flatMap((outcome) => exitProblem(outcome, how)),
        ...(tookMs < TOLD_MS ? [] : [`told after ${Math.round(tookMs)} ms`]),
        ...(['OMNI_UPSTREAM_DOWN', 'OMNI_UPSTREAM_STARTING'].includes(next.code ?? '') || next.value === 1
          ? []
          : [`the next call: ${JSON.stringify(next)}`]),
        ...(isBack && after.value === 2 ? [] : [`not back: ${JSON.stringify(after)}`]),
      ];
    },
  };
}

function exitProblem({ code, message, problem }: CallOutcome, how: string): readonly string[] {
  const isTold = code === 'OMNI_UPSTREAM_EXITED' && message.includes('"exits"') && message.includes(how);
  const saysEnough =
    (!how.includes('code') || message.includes('as report')) && !message.includes('last words');
  return isTold && saysEnough && problem === undefined && !message.includes(ENV_CANARY)
    ? []
    : [`${code}: ${message}`];
}

function never(server: string, code: string, words: readonly string[]): StdioRow['cases'][number] {
  return {
    name: server,
    run: async ({ details, call }: StdioContext) => {
      const { state, lastError } = await details(server);
      const isSaid =
        lastError?.code === code &&
        words.every((word) => lastError.message.includes(word)) &&
        !lastError.message.includes(ENV_CANARY);
      const { problem } = await call(server, 'echo');
      return [
        ...(isSaid && ['down', 'starting', 'misconfigured'].includes(state)
          ? []
          : [`${state}: ${JSON.stringify(lastError)}`]),
        ...(problem === undefined ? [] : [problem]),
      ];
    },
  };
}

/** What the process of a server may do. */
export const PROCESS_ROWS: readonly StdioRow[] = [
  {
    id: 'S05',
    title: 'servers that end',
    cases: [
      never('missing', 'OMNI_UPSTREAM_SPAWN_FAILED', ['"missing"', 'not found on the PATH']),
      never('nowhere', 'OMNI_UPSTREAM_SPAWN_FAILED', ['"nowhere"', 'does not exist']),
      never('forbidden', 'OMNI_UPSTREAM_SPAWN_FAILED', ['"forbidden"', 'may not be executed']),
      never('code-127', 'OMNI_UPSTREAM_EXITED', ['"code-127"', 'code 127']),
      never('dies', 'OMNI_UPSTREAM_EXITED', ['"dies"', 'code 3', 'as report']),
      never('dies-on-first', 'OMNI_UPSTREAM_EXITED', ['"dies-on-first"', 'code 7', 'as report']),
      ending('exit 0 in a call', 'exit', { bytes: 0 }, 'code 0'),
      ending('exit 5 in a call', 'exit', { bytes: 5 }, 'code 5'),
      ending('SIGSEGV in a call', 'signal', { kind: 'SIGSEGV' }, 'SIGSEGV'),
      {
        name: 'SIGKILL between calls',
        run: async ({ processOf, details, call }) => {
          const pid = processOf('between-calls');
          if (pid === undefined) return ['it does not run'];
          process.kill(pid, 'SIGKILL');
          const isDown = await until(
            async () => (await details('between')).lastError?.message.includes('SIGKILL') === true,
          );
          const isBack = await until(async () => (await details('between')).state === 'ready', 5_000);
          const { value } = await call('between', 'echo', { value: 'back' });
          return isDown && isBack && value === 'back'
            ? []
            : [`down ${isDown}, back ${isBack}, ${String(value)}`];
        },
      },
    ],
  },
  {
    id: 'S07',
    title: 'servers that hang',
    cases: [
      {
        name: 'never answers calls',
        run: async ({ call }) => {
          const { code, message, tookMs } = await call('mute', 'echo');
          return code === 'OMNI_UPSTREAM_TIMEOUT' &&
            message.includes('mute') &&
            tookMs > 900 &&
            tookMs < 2_500
            ? []
            : [`${code} after ${tookMs} ms: ${message}`];
        },
      },
      {
        name: 'SIGSTOP in a call, SIGCONT later: the late answer is nobody’s',
        run: async ({ call, processOf }) => {
          const stopped = await call('sleeper', 'stop');
          const beside = await call('big', 'echo', { value: 'other servers go on' });
          const pid = processOf('sleeps');
          if (pid !== undefined) process.kill(pid, 'SIGCONT');
          const after = await call('sleeper', 'echo', { value: 'mine' });
          return stopped.code === 'OMNI_UPSTREAM_TIMEOUT' &&
            beside.value === 'other servers go on' &&
            after.value === 'mine'
            ? []
            : [JSON.stringify([stopped, beside, after])];
        },
      },
      {
        name: 'never reads: what waits is bounded',
        run: async ({ call, omni }) => {
          const before = omni.memory();
          const value = 'd'.repeat(MIB);
          const outcomes = await Promise.all(
            Array.from({ length: 40 }, () => call('deaf', 'echo', { value })),
          );
          const codes = outcomes.map(({ code }) => code);
          const grownMiB = (omni.memory() - before) / MIB;
          const again = await call('deaf', 'echo', { value });
          return [
            ...(codes.includes('OMNI_OVERLOADED') &&
            codes.includes('OMNI_UPSTREAM_TIMEOUT') &&
            new Set(codes).size === 2
              ? []
              : [`codes ${[...new Set(codes)].join()}`]),
            ...(grownMiB < 250 ? [] : [`resident memory grew by ${Math.round(grownMiB)} MiB`]),
            ...(again.code === 'OMNI_OVERLOADED' ? [] : [`afterwards ${again.code}`]),
          ];
        },
      },
    ],
    note: 'Calls end with their timeout. Whether a silent server is dead is not asked yet, so it is not restarted for it.',
  },
];
