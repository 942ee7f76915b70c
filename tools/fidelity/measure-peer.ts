import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sendOnce, waitUntilCallable } from '../bench/call-once.ts';
import { initializeRequest, mcpRequest, type HttpRequestParts } from '../bench/request-text.ts';
import type { Subject } from '../bench/subjects/subject.ts';
import { UPSTREAM_NAME, type Target } from '../bench/target.ts';
import type { CorpusCategory, CorpusValue } from './corpus.ts';

/** What came of the values on one way: as they were, otherwise, or not at all. */
export interface Tally {
  identical: number;
  changed: number;
  refused: number;
}

/** What a peer does with the corpus. */
export interface PeerFidelity {
  readonly name: string;
  readonly version: string;
  /** Arguments, from the client to the server. */
  readonly arguments: Tally;
  /** `structuredContent`, from the server to the client. */
  readonly results: Tally;
  /** A member of the result that no revision knows. */
  readonly unknownMembers: Tally;
  /** Arguments that arrived as they were, by category. */
  readonly byCategory: ReadonlyMap<CorpusCategory, Tally>;
}

const MIRROR = fileURLToPath(new URL('./mirror-server.ts', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const WIDTH = 8;
/** A peer that fails so often in a row is gone. */
const MAX_FAILURES = 25;
const PLACE = '"@value@"';

/** Sends the corpus through a peer that has the mirror behind it on stdio. */
export async function measurePeer(
  subject: Subject,
  corpus: readonly CorpusValue[],
  folder: string,
): Promise<PeerFidelity> {
  const own = join(folder, subject.name);
  mkdirSync(own);
  const record = join(own, 'record');
  const { target, process: started } = await subject.start({
    upstream: {
      host: '',
      port: 0,
      path: '',
      url: '',
      pid: -1,
      stdioCommand: { command: process.execPath, args: [MIRROR, record] },
      stop: () => Promise.resolve(),
    },
    kind: 'stdio',
    cores: { load: undefined, subject: undefined },
    folder: own,
  });
  try {
    await waitUntilCallable(target, { timeoutMs: START_TIMEOUT_MS, isGone: () => started.isGone });
    const answers = await sendAll(target, corpus);
    return { name: subject.name, version: subject.version(), ...compare(corpus, answers, received(record)) };
  } finally {
    await started.stop();
  }
}

async function sendAll(
  target: Target,
  corpus: readonly CorpusValue[],
): Promise<readonly (string | undefined)[]> {
  const session = await openSession(target);
  const answers: (string | undefined)[] = corpus.map(() => undefined);
  let next = 0;
  let failures = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < corpus.length && failures < MAX_FAILURES; index = next++) {
      try {
        const { status, body } = await sendOnce(
          target,
          callOf(target, index, corpus[index]?.text ?? 'null', session),
        );
        answers[index] = status === 200 ? body : undefined;
        failures = 0;
      } catch {
        failures++;
      }
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  return answers;
}

async function openSession(target: Target): Promise<string | undefined> {
  if (target.dialect !== 'legacy') return undefined;
  const { headers } = await sendOnce(target, initializeRequest(target, 1));
  const id = headers['mcp-session-id'];
  const session = typeof id === 'string' ? id : undefined;
  await sendOnce(target, mcpRequest(target, { method: 'notifications/initialized', params: {} }, session));
  return session;
}

/** The call as text, with the value as it is. */
function callOf(target: Target, n: number, text: string, session: string | undefined): HttpRequestParts {
  const args = { n, value: '@value@' };
  const parts: HttpRequestParts =
    target.dialect === 'rest'
      ? {
          path: target.path,
          headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...target.headers },
          body: JSON.stringify({
            server_name: UPSTREAM_NAME,
            tool: target.toolName,
            arguments: args,
            request_options: {},
          }),
        }
      : mcpRequest(
          target,
          { id: n + 100, method: 'tools/call', params: { name: target.toolName, arguments: args } },
          session,
        );
  return { ...parts, body: parts.body.replace(PLACE, () => text) };
}

/** Lines of the record by the number in their arguments. */
function received(record: string): ReadonlyMap<number, string> {
  const lines = existsSync(record) ? readFileSync(record, 'utf8').split('\n') : [];
  return new Map(lines.map((line) => [Number(/"arguments":\{"n":(\d+),/.exec(line)?.[1] ?? -1), line]));
}

function compare(
  corpus: readonly CorpusValue[],
  answers: readonly (string | undefined)[],
  lines: ReadonlyMap<number, string>,
): Omit<PeerFidelity, 'name' | 'version'> {
  const tallies = { arguments: emptyTally(), results: emptyTally(), unknownMembers: emptyTally() };
  const byCategory = new Map<CorpusCategory, Tally>();
  for (const [n, { category, text }] of corpus.entries()) {
    const line = lines.get(n);
    const sent = line?.includes(`"arguments":{"n":${n},"value":${text}}`);
    const own = byCategory.get(category) ?? emptyTally();
    byCategory.set(category, own);
    count(own, sent);
    count(tallies.arguments, sent);
    // Without a call there is nothing that could come back.
    if (line === undefined) continue;
    const answer = answers[n]?.includes('"content"') === true ? answers[n] : undefined;
    count(tallies.results, answer?.includes(`"structuredContent":{"n":${n},"value":${text}}`));
    count(tallies.unknownMembers, answer?.includes(`"x-mirror":[${n},${text}]`));
  }
  return { ...tallies, byCategory };
}

function emptyTally(): Tally {
  return { identical: 0, changed: 0, refused: 0 };
}

function count(tally: Tally, isIdentical: boolean | undefined): void {
  if (isIdentical === undefined) tally.refused++;
  else if (isIdentical) tally.identical++;
  else tally.changed++;
}
