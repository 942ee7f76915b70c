import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad } from './load-run.ts';
import type { LoadJob, LoadResult } from './load-job.ts';
import { FIRST_CALL_ID } from './request-text.ts';
import { StdioPipes } from './stdio-pipes.ts';
import { plainTarget } from './target.ts';
import { startUpstream, type Upstream } from './upstream-process.ts';

const ANY_CORE = { load: undefined, subject: undefined };
const MEASURE_MS = 300;
const folder = mkdtempSync(join(tmpdir(), 'omni-bench-load-'));
let upstream: Upstream;
let id = FIRST_CALL_ID;

/** Runs a job against a server that answers each call after 100 ms. */
function load(job: Partial<LoadJob>): Promise<LoadResult> {
  return runLoad(
    {
      targets: [plainTarget(upstream.port)],
      bytes: 200,
      connections: 4,
      warmUpMs: 0,
      measureMs: MEASURE_MS,
      ...job,
    },
    {
      pipes: new StdioPipes(),
      nextId: () => (id += 1),
      onMeasuring: () => undefined,
      onMeasured: () => undefined,
    },
  );
}

beforeAll(async () => {
  upstream = await startUpstream(ANY_CORE, folder, { manner: 'slow:100' });
});

afterAll(async () => {
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('runLoad', () => {
  it('sends on a fixed schedule and counts apart what was answered in time', async () => {
    const { due = 0, calls, answered = 0, faults } = await load({ ratePerSecond: 20, connections: 16 });
    expect(faults).toEqual({});
    expect(due).toBe(6);
    expect(calls).toBe(due);
    expect(answered).toBeLessThan(calls);
  });

  it('waits no longer for answers than it is told', async () => {
    const { faults } = await load({ drainMs: 0 });
    expect(faults).toEqual({ timeout: 4 });
  });
});
