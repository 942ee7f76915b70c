import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionsResult, SkippedSubject } from '../bench-result.ts';
import type { BenchSession } from '../bench-session.ts';
import { echoOnce, waitUntilCallable } from '../call-once.ts';
import type { HeapProbe } from '../heap-probe.ts';
import { FIRST_CALL_ID } from '../request-text.ts';
import { bootstrapMedian } from '../statistics.ts';
import { omniTarget, startOmni } from '../subjects/omni.ts';
import { UPSTREAM_NAME, type Target } from '../target.ts';

/** The first batch of each only warms up: it compiles code and fills tables. */
const LEGACY = { clients: 1_000, batches: 6 };
/** More of them, because what they leave is little. */
const MODERN = { clients: 3_000, batches: 6 };
const AT_ONCE = 8;
const BYTES = 200;
const START_TIMEOUT_MS = 20_000;
const LIMITS = { maxSessions: LEGACY.clients * (LEGACY.batches + 1) };

/**
 * What Omni's heap keeps for each idle client: a legacy session that is open, and a modern client that has
 * called once. Nobody is connected.
 */
export async function runSessions(session: BenchSession): Promise<SessionsResult> {
  const folder = join(session.folder, 'W-sessions');
  mkdirSync(folder, { recursive: true });
  const { cores, upstream, seed } = session;
  const servers = { [UPSTREAM_NAME]: { type: 'http', url: upstream.url } } as const;
  const running = await startOmni(servers, cores, folder, { isProbed: true, settings: { limits: LIMITS } });
  const modern: number[] = [];
  const legacy: number[] = [];
  const skipped: SkippedSubject[] = [];
  try {
    const target = omniTarget(running);
    await waitUntilCallable(target, { timeoutMs: START_TIMEOUT_MS, isGone: () => running.process.isGone });
    const { heap } = running;
    if (heap === undefined) throw new Error('it was started without a heap probe');
    session.progress(`W-sessions: ${MODERN.batches} batches of ${MODERN.clients} modern clients`);
    while (modern.length < MODERN.batches) modern.push(await growthPerClient(heap, target, MODERN.clients));
    session.progress(`W-sessions: ${LEGACY.batches} batches of ${LEGACY.clients} legacy sessions`);
    while (legacy.length < LEGACY.batches)
      legacy.push(await growthPerClient(heap, { ...target, dialect: 'legacy' }, LEGACY.clients));
  } catch (error) {
    skipped.push({ name: 'omni', reason: error instanceof Error ? error.message : String(error) });
  }
  await running.process.stop();
  return {
    bytesPerLegacySession: bootstrapMedian(legacy.slice(1), seed),
    bytesPerModernClient: bootstrapMedian(modern.slice(1), seed),
    legacyBatches: { clients: LEGACY.clients, bytesPerClient: legacy },
    modernBatches: { clients: MODERN.clients, bytesPerClient: modern },
    skipped,
  };
}

async function growthPerClient(heap: HeapProbe, target: Target, count: number): Promise<number> {
  const before = await heap.heldBytes();
  let next = 0;
  const clients = Array.from({ length: AT_ONCE }, async () => {
    // Each call opens a session of its own in the legacy era, and a connection of its own in both.
    while (next < count) await echoOnce(target, { id: FIRST_CALL_ID + next++, bytes: BYTES });
  });
  await Promise.all(clients);
  return ((await heap.heldBytes()) - before) / count;
}
