import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { silentLogger, type UpstreamStateRow } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { stateStoreContract } from '@omni/testing/contracts';
import { openStore } from './open-store.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

const FILE = {
  name: 'a',
  source: 'file',
  revision: 'r',
  transport: 'stdio',
  url: null,
  command: 'c',
  enabled: true,
  critical: true,
} as const;
const NO_ROW = {
  eventType: 'connected',
  status: null,
  previousStatus: null,
  reason: null,
  responseTimeMs: null,
  errorCode: null,
  errorMessage: null,
  attempt: null,
  recoveryEtaMs: null,
  metadata: null,
  instanceId: null,
} as const;

const STATE: Omit<UpstreamStateRow, 'name' | 'recordRevision'> = {
  record: '{}',
  healthStatus: 'healthy',
  circuitState: 'closed',
  consecutiveFailures: 0,
  failedCycles: 0,
  lastRecoveryAttempt: null,
  nextAttemptAt: null,
  lastHealthCheck: null,
  lastSeen: null,
  outageStartedAt: null,
  totalDowntimeMs: 0,
  disabledReason: null,
  disabledAt: null,
  lastErrorCode: null,
  lastError: null,
  protocolVersion: null,
  serverInfo: null,
};

const options = { clock: new VirtualClock(), logger: silentLogger };

// guard: store/once, store/closed, store/calls-in-memory
describe('the store in memory', () => {
  stateStoreContract(it, async () => ({
    store: await openStore({ url: 'memory:', schema: 'omni', stateFolder: '/nowhere' }, options),
  }));
});

describe('SqlStore.load', () => {
  it('tells by which definition a record was written, and leaves the revision of the row alone', async () => {
    const settings = { url: 'memory:', schema: 'omni', stateFolder: '/nowhere' };
    const store = await openStore(settings, options);
    await store.write({ key: '1', at: 1, defined: [FILE] });
    expect(await store.load()).toMatchObject([{ revision: 'r', recordRevision: null }]);
    await store.write({ key: '2', at: 2, states: [{ ...STATE, name: 'a', recordRevision: 'other' }] });
    expect(await store.load()).toMatchObject([{ revision: 'r', record: '{}', recordRevision: 'other' }]);
    await store.close();
  });
});

// guard: store/pruned-in-parts
describe('SqlStore.prune', () => {
  it('forgets as much as it may at a time, of log, events and keys together', async () => {
    const settings = { url: 'memory:', schema: 'omni', stateFolder: '/nowhere' };
    const store = await openStore(settings, options);
    const row = { ...NO_ROW, upstream: 'a', at: 1 };
    const events = Array.from({ length: 3 }, (_, index) => `event ${index}`);
    await store.write({
      key: '1',
      at: 1,
      defined: [FILE],
      log: Array.from({ length: 7 }, () => row),
      events,
    });
    const [last] = (await store.pendingEvents(10)).slice(-1);
    await store.markPublished(last?.sequence ?? 0);
    const gone: number[] = [];
    for (let turn = 0; turn < 4; turn++) gone.push(await store.prune(Date.UTC(2100, 0), 4));
    expect(gone).toEqual([4, 4, 3, 0]);
    await store.close();
  });
});

// guard: store/kept-calls, store/kept-bytes, store/override-time
describe('the store in a file of SQLite', () => {
  stateStoreContract(it, async () => {
    const stateFolder = await mkdtemp(join(tmpdir(), 'omni-store-'));
    folders.push(stateFolder);
    const settings = { url: 'sqlite:', schema: 'omni', stateFolder };
    return { store: await openStore(settings, options), openNext: () => openStore(settings, options) };
  });
});
