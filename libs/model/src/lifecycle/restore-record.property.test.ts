import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dueAt } from './due-at.ts';
import { BEGIN, FAILURE, recordOf, settingsOf } from './lifecycle.fixture.ts';
import { outageMs } from './outage.ts';
import { restoreRecord } from './restore-record.ts';
import { transition } from './transition.ts';
import type { UpstreamRecord } from './upstream-state.ts';

const NOW = BEGIN;
const SETTINGS = settingsOf({ restart: { jitter: 0.1 }, probe: { jitter: 0.1 } });
const LONGEST_MS = 600_000;
const AT = { now: NOW, random: 0.999, settings: SETTINGS };
const PHASES = [
  ...['stopped', 'asleep', 'disabled', 'starting', 'ready', 'login', 'down', 'misconfigured', 'draining'],
  'dancing',
];

/** Numbers as they may stand in a record that is old, was made under another clock or was damaged. */
const number = fc.oneof(
  fc.double(),
  fc.integer({ min: NOW - 700_000, max: NOW + 700_000 }),
  fc.constantFrom(Number.MAX_VALUE, -1, Infinity, -Infinity, Number.NaN),
);
const something = fc.oneof(number, fc.constantFrom('', 'soon', null, {}, [], true));
const error = fc.oneof({ arbitrary: fc.constant(FAILURE.error), weight: 4 }, something);
const state = fc.record(
  {
    phase: fc.oneof(fc.constant('down'), fc.constantFrom(...PHASES), something),
    since: something,
    until: something,
    nextAttemptAt: fc.oneof(number, something),
    probeAt: fc.oneof(number, something),
    misses: something,
    isTrial: something,
    isListed: something,
    hasListProblem: something,
    circuit: fc.oneof(fc.constantFrom('failures', 'flapping'), something),
    era: something,
    by: fc.oneof(fc.constantFrom('admin', 'auto_downtime'), something),
    reason: something,
    error,
    next: fc.oneof(
      fc.record({ phase: fc.constantFrom('stopped', 'asleep', 'disabled', 'starting') }),
      something,
    ),
  },
  { requiredKeys: ['phase'] },
);
const history = fc.record(
  {
    consecutiveFailures: something,
    rung: something,
    opens: something,
    failedCycles: something,
    falls: fc.oneof(fc.array(something, { maxLength: 20 }), something),
    outage: fc.oneof(
      fc.record({ startedAt: something, accruedMs: something, runningSince: something }),
      something,
    ),
    totalDowntimeMs: something,
    lastAttemptAt: something,
    lastSeenAt: something,
    lastError: error,
  },
  { requiredKeys: [] },
);
const kept = fc.record({ state, history: fc.oneof(history, something) });

describe('restoreRecord', () => {
  it('waits between nothing and the longest wait, whatever the record says and however the clock was set', () => {
    const waits = new Set<string>();
    fc.assert(
      fc.property(kept, number, (record, writtenAt) => {
        const restored = restoreRecord(record, { now: NOW, writtenAt, settings: SETTINGS });
        if (restored === undefined) return;
        expect(JSON.parse(JSON.stringify(restored))).toStrictEqual(restored);
        expect(restored.state.since).toBeGreaterThanOrEqual(0);
        expect(restored.state.since).toBeLessThanOrEqual(NOW);
        const next = transition(restored, { kind: 'restored' }, AT).record;
        // How long an attempt may take is no wait.
        if (next.state.phase === 'starting') return;
        const due = dueAt(next, SETTINGS);
        if (due === null) return;
        expect(due - NOW).toBeGreaterThanOrEqual(0);
        expect(due - NOW).toBeLessThanOrEqual(LONGEST_MS);
        waits.add(due === NOW ? 'none' : due - NOW === LONGEST_MS ? 'longest' : 'between');
      }),
      { numRuns: 5_000 },
    );
    // A test that has seen no wait would say nothing.
    expect([...waits].toSorted()).toEqual(['between', 'longest', 'none']);
  });

  it('keeps every bound, whatever the record says, also for what comes next', () => {
    fc.assert(
      fc.property(kept, (record) => {
        const restored = restoreRecord(record, { now: NOW, writtenAt: NOW, settings: SETTINGS });
        if (restored === undefined) return;
        const starting = recordOf({ phase: 'starting', since: NOW, isTrial: false }, restored.history);
        const { record: failed } = transition(starting, { kind: 'connectFailed', ...FAILURE }, AT);
        expect(failed.history.falls.length).toBeLessThanOrEqual(6);
        expect(failed.history.rung).toBeLessThan(5);
        expect(Number.isSafeInteger(failed.history.consecutiveFailures)).toBe(true);
        if (failed.state.phase !== 'down') return;
        expect(failed.state.nextAttemptAt - NOW).toBeGreaterThanOrEqual(500);
        expect(failed.state.nextAttemptAt - NOW).toBeLessThanOrEqual(LONGEST_MS);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not count the time while nothing of Omni ran, and no more than would disable it', () => {
    fc.assert(
      fc.property(fc.nat(3_000_000), fc.nat(3_000_000), fc.nat(1e9), (accruedMs, ranMs, awayMs) => {
        const writtenAt = NOW - awayMs;
        const record = recordOf(
          { phase: 'down', since: writtenAt, error: FAILURE.error, nextAttemptAt: writtenAt, circuit: null },
          { outage: { startedAt: 0, accruedMs, runningSince: writtenAt - ranMs } },
        );
        const restored = restoreRecord(record, { now: NOW, writtenAt, settings: SETTINGS });
        const counted = outageMs(restored?.history.outage ?? null, NOW);
        expect(counted).toBe(Math.min(accruedMs + ranMs, 1_800_000));
      }),
    );
  });

  it('gives a record back as it was kept', () => {
    const past = NOW - 5;
    const { error: facts } = FAILURE;
    const records: readonly UpstreamRecord[] = [
      recordOf({ phase: 'stopped', since: past }),
      recordOf({ phase: 'asleep', since: past }),
      recordOf({ phase: 'disabled', since: past, by: 'auto_cycles', reason: 'by itself' }),
      recordOf({ phase: 'starting', since: past, isTrial: true }),
      recordOf({
        phase: 'ready',
        since: past,
        era: 'modern',
        isTrial: true,
        isListed: true,
        hasListProblem: true,
        misses: 2,
        probeAt: NOW + 1_995,
      }),
      recordOf({ phase: 'login', since: past, error: facts, nextAttemptAt: NOW + 600_000 }),
      recordOf({ phase: 'misconfigured', since: past, error: facts }),
      recordOf(
        { phase: 'down', since: past, error: facts, nextAttemptAt: NOW + 1_995, circuit: 'flapping' },
        {
          consecutiveFailures: 7,
          rung: 4,
          opens: 3,
          failedCycles: 2,
          falls: [past - 1, past],
          outage: { startedAt: past, accruedMs: 3, runningSince: null },
          totalDowntimeMs: 77,
          lastAttemptAt: past,
          lastSeenAt: past - 9,
          lastError: facts,
        },
      ),
    ];
    for (const record of records)
      expect(
        restoreRecord(JSON.parse(JSON.stringify(record)), { now: NOW, writtenAt: NOW, settings: SETTINGS }),
      ).toStrictEqual(record);
  });

  it.each([undefined, null, 3, 'ready', [], {}, { state: { phase: 'dancing' } }])(
    'takes %j for no record',
    (record) => {
      expect(restoreRecord(record, { now: NOW, writtenAt: NOW, settings: SETTINGS })).toBeUndefined();
    },
  );
});
