import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListResult, Sample, SkippedSubject } from '../bench-result.ts';
import { measure, type BenchSession } from '../bench-session.ts';
import { calibrate, steadyOf } from '../calibration.ts';
import { listAnswer, waitUntilCallable } from '../call-once.ts';
import { cellResult, type Group } from '../cell-result.ts';
import { FIRST_CALL_ID } from '../request-text.ts';
import { shuffled } from '../seeded-random.ts';
import { omni } from '../subjects/omni.ts';
import { nodeResponder } from '../subjects/node-responder.ts';
import { startOwnServer } from '../subjects/own-server.ts';
import type { RunningSubject, SubjectContext } from '../subjects/subject.ts';
import { startUpstream } from '../upstream-process.ts';

const TOOLS = 500;
const CONNECTIONS = 32;
/** S001-NF-01: how long lists take with so many clients at the same time. */
const CROWD = 100;
const WARM_UP_MS = 500;
const START_TIMEOUT_MS = 20_000;

/** What W4 is to run. */
export interface ListPlan {
  readonly rounds: number;
  readonly measureMs: number;
}

/** `tools/list` of 500 tools from Omni, beside a plain Node server that sends the very same bytes. */
export async function runList(session: BenchSession, plan: ListPlan): Promise<ListResult> {
  const folder = join(session.folder, 'W4');
  mkdirSync(folder, { recursive: true });
  const upstream = await startUpstream(session.cores, folder, { tools: TOOLS });
  const context: SubjectContext = { upstream, kind: 'http', cores: session.cores, folder };
  const running = new Map<string, RunningSubject>();
  try {
    const gateway = await omni.start(context);
    running.set(omni.name, gateway);
    await waitUntilCallable(gateway.target, {
      timeoutMs: START_TIMEOUT_MS,
      isGone: () => gateway.process.isGone,
    });
    const answer = await listAnswer(gateway.target, FIRST_CALL_ID);
    const listFile = join(folder, 'list.json');
    writeFileSync(listFile, resultOfText(answer, FIRST_CALL_ID));
    const responder = await startOwnServer(nodeResponder.name, './node-responder-server.ts', context, [
      listFile,
    ]);
    running.set(nodeResponder.name, responder);
    await waitUntilCallable(responder.target, {
      timeoutMs: START_TIMEOUT_MS,
      isGone: () => responder.process.isGone,
    });
    if ((await listAnswer(responder.target, FIRST_CALL_ID)) !== answer)
      throw new Error('the two do not send the same bytes');
    const bytes = answer.length;
    return {
      tools: TOOLS,
      cell: await measureAll(session, plan, { running, bytes, connections: CONNECTIONS }),
      crowdedCell: await measureAll(session, plan, { running, bytes, connections: CROWD }),
      skipped: [],
    };
  } catch (error) {
    const skipped: SkippedSubject = {
      name: omni.name,
      reason: error instanceof Error ? error.message : String(error),
    };
    return { tools: TOOLS, cell: undefined, skipped: [skipped] };
  } finally {
    for (const { process } of running.values()) await process.stop();
    await upstream.stop();
  }
}

async function measureAll(
  session: BenchSession,
  { rounds, measureMs }: ListPlan,
  {
    running,
    ...shape
  }: {
    readonly running: ReadonlyMap<string, RunningSubject>;
    readonly bytes: number;
    readonly connections: number;
  },
): Promise<ListResult['cell']> {
  const groups: Group[] = [];
  for (let round = 0; round < rounds; round += 1) {
    session.progress(`W4, c = ${shape.connections}: round ${round + 1} of ${rounds}`);
    const calibration = await calibrate(session.cores);
    const samples = new Map<string, Sample>();
    for (const [name, subject] of shuffled([...running], session.random)) {
      const job = {
        what: 'tools/list' as const,
        ...shape,
        warmUpMs: WARM_UP_MS,
        measureMs,
      };
      samples.set(name, await measure(session, { running: subject }, job, round));
    }
    groups.push({ calibration, samples });
  }
  const steady = steadyOf(groups.map(({ calibration }) => calibration));
  const kept = groups.filter((_, round) => steady.has(round));
  return cellResult({ ...shape, rounds }, kept, [...running.keys()], session.seed);
}

/** The result in an answer with the id first. */
function resultOfText(answer: string, id: number): string {
  const head = `{"jsonrpc":"2.0","id":${id},"result":`;
  if (!answer.startsWith(head)) throw new Error('the answer does not begin as expected');
  return answer.slice(head.length, -1);
}
