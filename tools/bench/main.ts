/** `npm run bench`: measures Omni beside other ways to reach the same tool. See README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleServer } from '../workspace/bundle.mjs';
import type { BenchResult, Measurements, ThroughputResult } from './bench-result.ts';
import type { BenchSession } from './bench-session.ts';
import { judgeGoals } from './goals.ts';
import { LoadProcess } from './load-process.ts';
import { startManifest } from './manifest.ts';
import { nginxRange, storedResults } from './nginx-range.ts';
import {
  BenchOptionError,
  HELP,
  parseBenchOptions,
  type BenchOptions,
  type WorkloadName,
} from './options.ts';
import { killAllProcesses, pinThisProcess, planCores } from './pinned-process.ts';
import { reportText } from './report.ts';
import { resultJson, withoutPaths, writeResult } from './result-file.ts';
import { createSeededRandom } from './seeded-random.ts';
import { ALL_SUBJECTS } from './subjects/all-subjects.ts';
import { omniBefore, omniPolicies } from './subjects/omni.ts';
import { STDIO_SUBJECTS } from './subjects/stdio-programs.ts';
import { printStageCost } from './stage-cost.ts';
import { startUpstream } from './upstream-process.ts';
import { runAllocation } from './workloads/allocation.ts';
import { runGreedy } from './workloads/greedy.ts';
import { runHalfLoad } from './workloads/half-load.ts';
import { runIsolation } from './workloads/isolation.ts';
import { runKill } from './workloads/kill.ts';
import { runLarge } from './workloads/large.ts';
import { runList } from './workloads/list.ts';
import { runManyUpstreams } from './workloads/many-upstreams.ts';
import { runOverload } from './workloads/overload.ts';
import { runPolicies } from './workloads/policies.ts';
import { runSessions } from './workloads/sessions.ts';
import { runStartUp } from './workloads/start-up.ts';
import { runStdio } from './workloads/stdio.ts';
import { runThroughput } from './workloads/throughput.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RESULTS = fileURLToPath(new URL('./results', import.meta.url));
const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;
const W2_MAX_BYTES = 10_000;

async function run(options: BenchOptions, folder: string): Promise<BenchResult> {
  const cores = planCores();
  const chosen = ALL_SUBJECTS.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const subjects = options.before === undefined ? chosen : [...chosen, omniBefore(options.before)];
  await bundleServer();
  const finishManifest = startManifest(options, cores, versioned(options, subjects));
  pinThisProcess(cores.load);
  const upstream = await startUpstream(cores, folder);
  const load = await LoadProcess.start(cores, folder);
  const session: BenchSession = {
    upstream,
    load,
    cores,
    folder,
    seed: options.seed,
    random: createSeededRandom(options.seed),
    progress: (text) => process.stderr.write(`bench: ${text}\n`),
  };
  session.progress(
    `seed ${options.seed}${cores.subject === undefined ? '; no pinning: fewer than two cores or no taskset' : ''}`,
  );
  const measured = await measureAll(session, options, subjects);
  await load.stop();
  await upstream.stop();
  const range = nginxRange([...storedResults(RESULTS), measured]);
  return withoutPaths(
    {
      manifest: finishManifest(),
      goals: judgeGoals(measured),
      ...(range && { nginxRange: range }),
      ...measured,
    },
    { [folder]: '<temp>', [ROOT]: '' },
  );
}

/** What the manifest names the versions of. */
function versioned(
  { workloads }: BenchOptions,
  subjects: typeof ALL_SUBJECTS,
): readonly { readonly name: string; version(): string }[] {
  const programs = STDIO_SUBJECTS.filter(({ name }) => subjects.every((subject) => subject.name !== name));
  return [
    ...subjects,
    ...(workloads.includes('policies') ? [omniPolicies] : []),
    ...(workloads.includes('stdio') ? programs : []),
  ];
}

async function measureAll(
  session: BenchSession,
  options: BenchOptions,
  subjects: typeof ALL_SUBJECTS,
): Promise<Measurements> {
  const { workloads, rounds, sizes, connections } = options;
  const measureMs = options.seconds * 1_000;
  const startsAnew = options.before !== undefined;
  const throughput: ThroughputResult[] = [];
  if (workloads.includes('w1'))
    throughput.push(
      await runThroughput(session, {
        workload: 'W1',
        kind: 'http',
        sizes,
        connections,
        subjects,
        rounds,
        measureMs,
        startsAnew,
      }),
    );
  if (workloads.includes('w2')) {
    const small = sizes.filter((bytes) => bytes <= W2_MAX_BYTES);
    throughput.push(
      await runThroughput(session, {
        workload: 'W2',
        kind: 'stdio',
        sizes: small,
        connections,
        subjects,
        rounds,
        measureMs,
        startsAnew,
      }),
    );
  }
  const halfLoad = workloads.includes('half')
    ? await runHalfLoad(session, { subjects, rounds, measureMs })
    : undefined;
  const large = workloads.includes('large')
    ? await runLarge(session, { subjects, rounds, measureMs })
    : undefined;
  // The rest is about Omni alone, or about Omni and what it brings along to compare itself with.
  const ofOmni = (workload: WorkloadName): boolean =>
    workloads.includes(workload) && subjects.some(({ name }) => name === 'omni');
  const allocation = ofOmni('alloc') ? await runAllocation(session, { rounds, measureMs }) : undefined;
  const list = ofOmni('list') ? await runList(session, { rounds, measureMs }) : undefined;
  const sessions = ofOmni('sessions') ? await runSessions(session) : undefined;
  const startUp = ofOmni('w10') ? await runStartUp(session, rounds) : undefined;
  const manyUpstreams = ofOmni('many') ? await runManyUpstreams(session, { rounds, measureMs }) : undefined;
  const stdio = ofOmni('stdio') ? await runStdio(session, { rounds, measureMs }) : undefined;
  const isolation = ofOmni('isolation') ? await runIsolation(session, { rounds, measureMs }) : undefined;
  const kill = ofOmni('kill') ? await runKill(session, rounds) : undefined;
  const before = subjects.find(({ name }) => name === 'omni-before');
  const policies = ofOmni('policies') ? await runPolicies(session, { rounds, measureMs, before }) : undefined;
  const overload = ofOmni('overload') ? await runOverload(session, { rounds, measureMs }) : undefined;
  const greedy = ofOmni('greedy') ? await runGreedy(session, { rounds, measureMs }) : undefined;
  return {
    throughput,
    ...(halfLoad && { halfLoad }),
    ...(large && { large }),
    ...(allocation && { allocation }),
    ...(list && { list }),
    ...(sessions && { sessions }),
    ...(startUp && { startUp }),
    ...(manyUpstreams && { manyUpstreams }),
    ...(stdio && { stdio }),
    ...(isolation && { isolation }),
    ...(kill && { kill }),
    ...(policies && { policies }),
    ...(overload && { overload }),
    ...(greedy && { greedy }),
  };
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (argv.length === 1 && argv[0] === '--stages') {
    printStageCost();
    return 0;
  }
  const options = parseBenchOptions(argv, {
    out: RESULTS,
    seed: Date.now() % 1_000_000_000,
    subjects: ALL_SUBJECTS.map(({ name }) => name),
  });
  if (options === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'omni-bench-'));
  const cleanUp = (): void => {
    killAllProcesses();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      cleanUp();
      process.exit(EXIT_INTERRUPTED);
    });
  }
  try {
    const result = await run(options, folder);
    const files = writeResult(result, options.out);
    process.stdout.write(options.json ? resultJson(result) : reportText(result));
    process.stderr.write(
      `bench: stored ${relative(process.cwd(), files.json)} and ${relative(process.cwd(), files.markdown)}\n`,
    );
    return options.gate && result.goals.some(({ reached }) => reached !== true) ? EXIT_FAILED : 0;
  } finally {
    cleanUp();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const isUsage = error instanceof BenchOptionError;
    process.stderr.write(
      `bench: ${error instanceof Error ? error.message : String(error)}\n${isUsage ? `\n${HELP}` : ''}`,
    );
    process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILED;
  },
);
