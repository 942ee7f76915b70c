import type { AllocationResult, AllocationSubject, SkippedSubject } from '../bench-result.ts';
import { startSubjects, stopSubjects, type BenchSession, type StartedSubject } from '../bench-session.ts';
import { shuffled } from '../seeded-random.ts';
import { bootstrapMedian, differenceOfRounds, type Estimate } from '../statistics.ts';
import { nodeForwarder } from '../subjects/node-forwarder.ts';
import { omni } from '../subjects/omni.ts';
import type { RunningSubject, Subject, UpstreamKind } from '../subjects/subject.ts';

const JOB = { bytes: 200, connections: 32, warmUpMs: 500 };
/** What can be looked into: Omni, and the least that the same traffic costs on the same parts. */
const PROBED: readonly Subject[] = [nodeForwarder, omni];
const KINDS: readonly UpstreamKind[] = ['http', 'stdio'];

/** What W-alloc is to run. */
export interface AllocationPlan {
  readonly rounds: number;
  readonly measureMs: number;
}

interface Probed {
  readonly kind: UpstreamKind;
  readonly started: StartedSubject;
  readonly samples: AllocationSubject['samples'][number][];
}

/** Bytes allocated on the JavaScript heap per call, at full load. Buffers outside of it are not counted. */
export async function runAllocation(
  session: BenchSession,
  { rounds, measureMs }: AllocationPlan,
): Promise<AllocationResult> {
  const probed: Probed[] = [];
  const skipped: SkippedSubject[] = [];
  for (const kind of KINDS) {
    const found = await startSubjects(session, PROBED, {
      kind,
      sizes: [JOB.bytes],
      label: `W-alloc-${kind}`,
      isProbed: true,
    });
    probed.push(...found.started.map((started) => ({ kind, started, samples: [] })));
    skipped.push(...found.skipped);
  }
  for (let round = 0; round < rounds; round += 1) {
    session.progress(`W-alloc: round ${round + 1} of ${rounds}`);
    for (const { started, samples } of shuffled(probed, session.random))
      samples.push(await sampleAllocation(session, started.running, { measureMs, round }));
  }
  await stopSubjects(probed.map(({ started }) => started));
  const bytesOf = (name: string): { round: number; value: number }[] =>
    probed
      .filter(({ kind, started }) => kind === 'http' && started.subject.name === name)
      .flatMap(({ samples }) => samples.map(({ round, bytesPerCall }) => ({ round, value: bytesPerCall })));
  return {
    subjects: probed.map(({ kind, started, samples }) => {
      const estimate = (pick: (sample: (typeof samples)[number]) => number): Estimate | undefined =>
        bootstrapMedian(samples.map(pick), session.seed);
      return {
        name: started.subject.name,
        kind,
        bytesPerCall: estimate(({ bytesPerCall }) => bytesPerCall),
        gcShare: estimate(({ gcShare }) => gcShare),
        samples,
      };
    }),
    ownBytesPerCall: differenceOfRounds(bytesOf(omni.name), bytesOf(nodeForwarder.name), session.seed),
    skipped,
  };
}

/** Bytes allocated per call by a subject that was started with a heap probe. */
export async function sampleAllocation(
  { load }: Pick<BenchSession, 'load'>,
  running: RunningSubject,
  { measureMs, round }: { readonly measureMs: number; readonly round: number },
): Promise<AllocationSubject['samples'][number]> {
  const { heap, target } = running;
  if (heap === undefined) throw new Error('the subject was started without a heap probe');
  let counting: Promise<void> = Promise.resolve();
  let counted: ReturnType<typeof heap.stopCounting> | undefined;
  // A question takes about as long at both ends of the measured time, so that the counted time is as long as
  // the measured one.
  const result = await load.run(
    { ...JOB, targets: [target], measureMs },
    {
      onMeasuring: () => {
        counting = heap.startCounting();
      },
      onMeasured: () => {
        counted = counting.then(() => heap.stopCounting());
      },
    },
  );
  const { allocatedBytes, gcMs, collections } = (await counted) ?? {
    allocatedBytes: 0,
    gcMs: 0,
    collections: 0,
  };
  return {
    round,
    bytesPerCall: allocatedBytes / result.calls,
    gcShare: gcMs / (result.seconds * 1_000),
    collections,
  };
}
