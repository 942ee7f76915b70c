import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LAST_STEP_MS } from '../connection/backoff.ts';
import { restoreState } from './restore-state.ts';
import { transition } from './transition.ts';
import type { UpstreamState } from './upstream-state.ts';

const NOW = 1_800_000_000_000;

const PHASES = ['stopped', 'disabled', 'starting', 'ready', 'down', 'draining', 'dancing'];
const ERROR = { code: 'OMNI_UPSTREAM_EXITED', message: 'it ended', hint: 'Look.' };

/** Numbers as they may stand in a record that is old, was made under another clock or was damaged. */
const number = fc.oneof(
  fc.double(),
  fc.integer({ min: NOW - 60_000, max: NOW + 60_000 }),
  fc.constantFrom(Number.MAX_VALUE, -1, Infinity, -Infinity, Number.NaN),
);
const something = fc.oneof(number, fc.constantFrom('', 'soon', null, {}, [], true));
const kept = fc.record(
  {
    phase: fc.oneof(fc.constant('down'), fc.constantFrom(...PHASES), something),
    since: something,
    until: something,
    nextRetryAt: fc.oneof(number, something),
    era: something,
    reason: something,
    lastError: fc.oneof(fc.constant(ERROR), something),
    backoff: fc.oneof(fc.record({ failures: something }), something),
    next: fc.oneof(fc.record({ phase: fc.constantFrom('stopped', 'disabled', 'starting') }), something),
  },
  { requiredKeys: ['phase'] },
);

describe('restoreState', () => {
  it('waits between nothing and the longest step, whatever the record says and however the clock was set', () => {
    const waits = new Set<string>();
    fc.assert(
      fc.property(kept, (record) => {
        const state = restoreState(record, NOW);
        if (state === undefined) return;
        expect(JSON.parse(JSON.stringify(state))).toStrictEqual(state);
        expect(state.since).toBeGreaterThanOrEqual(0);
        expect(state.since).toBeLessThanOrEqual(NOW);
        const { commands } = transition(state, { kind: 'restored' }, { now: NOW, random: 0.999 });
        for (const command of commands) {
          if (command.kind !== 'schedule') continue;
          expect(command.at - NOW).toBeGreaterThanOrEqual(0);
          expect(command.at - NOW).toBeLessThanOrEqual(LAST_STEP_MS);
          waits.add(command.at === NOW ? 'none' : command.at - NOW === LAST_STEP_MS ? 'longest' : 'between');
        }
      }),
      { numRuns: 5_000 },
    );
    // A test that has seen no wait would say nothing.
    expect([...waits].toSorted()).toEqual(['between', 'longest', 'none']);
  });

  it('bounds the next step, too, with any count of failures', () => {
    fc.assert(
      fc.property(something, something, (failures, since) => {
        const record = { phase: 'ready', since, era: 'modern', backoff: { failures }, lastError: null };
        const state = restoreState(record, NOW);
        expect(state?.phase).toBe('ready');
        const error = { ...ERROR, code: 'OMNI_UPSTREAM_EXITED' as const };
        const lost =
          state &&
          transition(state, { kind: 'connectionLost', error, pauseMs: 0 }, { now: NOW, random: 0.999 }).state;
        expect(lost).toMatchObject({ phase: 'down' });
        if (lost?.phase !== 'down') return;
        expect(lost.nextRetryAt - NOW).toBeGreaterThanOrEqual(500);
        expect(lost.nextRetryAt - NOW).toBeLessThanOrEqual(LAST_STEP_MS * 1.1);
      }),
    );
  });

  it('gives a state back as it was kept', () => {
    const states: readonly UpstreamState[] = [
      { phase: 'stopped', since: NOW - 5 },
      { phase: 'disabled', since: NOW - 5, reason: 'by hand' },
      { phase: 'starting', since: NOW - 5, backoff: { failures: 2 }, lastError: null },
      { phase: 'ready', since: NOW - 5, era: 'modern', backoff: { failures: 0 }, lastError: null },
      {
        phase: 'down',
        since: NOW - 5,
        backoff: { failures: 3 },
        lastError: { ...ERROR, code: 'OMNI_UPSTREAM_EXITED' },
        nextRetryAt: NOW + 1_995,
      },
    ];
    for (const state of states)
      expect(restoreState(JSON.parse(JSON.stringify(state)), NOW)).toStrictEqual(state);
  });

  it.each([undefined, null, 3, 'ready', [], {}, { phase: 'dancing' }])('takes %j for no state', (record) => {
    expect(restoreState(record, NOW)).toBeUndefined();
  });
});
