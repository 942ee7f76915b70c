import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AuditRecord, type Clock, silentLogger, systemClock } from '@omni/ports';
import type { MasterServer } from '../master-server.ts';
import { parseConfigurationText } from './node-configuration.ts';
import { createNodeParts } from './node-master-server.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-overrides-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const HOUR_MS = 3_600_000;
const READ_ONLY = { kind: 'read-only' } as const;
const HIDDEN = { upstream: 'a', called: { method: 'tools/call', name: 'drop' } };

class Runs {
  readonly audited: AuditRecord[] = [];
  /** By how much the wall clock is ahead. */
  aheadMs = 0;
  readonly #clock: Clock = { ...systemClock, now: () => systemClock.now() + this.aheadMs };

  /** Runs Omni in front of servers that are switched off, for as long as the work takes. */
  async once(names: readonly string[], work: (gateway: MasterServer) => unknown): Promise<void> {
    const entries = names.map((name) => [name, { command: 'none', disabled: true }]);
    const text = JSON.stringify({ mcpServers: Object.fromEntries(entries) });
    const { server, end } = await createNodeParts({
      configuration: { upstreams: parseConfigurationText(text, 'test.json', {}).upstreams },
      logger: silentLogger,
      clock: this.#clock,
      state: { folder, otherwise: 'fail' },
      audit: { record: (record) => void this.audited.push(record) },
    });
    await server.start();
    try {
      await work(server);
    } finally {
      await server.stop({ deadlineMs: 2_000 });
      await end();
    }
  }
}

describe('overrides after a restart', () => {
  it('are in force as they were, with who has set them, until their time is over', async () => {
    const runs = new Runs();
    await runs.once(['a', 'b'], ({ overrides }) => {
      overrides.set({ upstream: 'a' }, READ_ONLY, { author: 'ada', forMs: HOUR_MS });
      overrides.set(HIDDEN, { kind: 'hide' }, { author: 'bob' });
      overrides.set({ upstream: 'b' }, { kind: 'breaker', state: 'open' });
      overrides.clear({ upstream: 'b' }, 'breaker', 'ada');
    });
    await runs.once(['a', 'b'], ({ overrides }) => {
      expect(overrides.list()).toEqual([
        { target: { upstream: 'a' }, override: READ_ONLY, author: 'ada', until: expect.any(Number) },
        { target: HIDDEN, override: { kind: 'hide' }, author: 'bob' },
      ]);
    });
    runs.aheadMs = HOUR_MS;
    await runs.once(['a', 'b'], ({ overrides }) => {
      expect(overrides.list().map(({ override }) => override.kind)).toEqual(['hide']);
    });
    expect(runs.audited.map(({ type, actor, subject }) => [type, actor, subject])).toEqual([
      ['override.set', 'ada', 'a'],
      ['override.set', 'bob', 'a/drop'],
      ['override.set', 'owner', 'b'],
      ['override.cleared', 'ada', 'b'],
    ]);
  });

  it('wait for their server, and are gone when it has gone', async () => {
    const runs = new Runs();
    await runs.once(['a'], ({ overrides }) => overrides.set({ upstream: 'a' }, READ_ONLY));
    await runs.once(['b'], ({ overrides }) => {
      expect(overrides.list()).toEqual([]);
    });
    await runs.once([], async (gateway) => {
      const spec = parseConfigurationText('{"mcpServers":{"a":{"command":"none","disabled":true}}}', 'a', {});
      await gateway.apply(spec.upstreams);
      expect(gateway.overrides.list()).toMatchObject([{ override: READ_ONLY }]);
      await gateway.apply([]);
    });
    await runs.once(['a'], ({ overrides }) => expect(overrides.list()).toEqual([]));
  });
});
