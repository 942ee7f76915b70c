import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_LIFECYCLE,
  NO_HISTORY,
  project,
  transition,
  type Fall,
  type UpstreamEvent,
  type UpstreamRecord,
} from '@omni/model';
import fc from 'fast-check';
import type { NewEvent } from './event.ts';
import { eventFacts } from './event-catalogue.ts';
import { eventOfNote, eventOfStatus, tellsOfStatus } from './upstream-events.ts';

const FALL: Fall = {
  error: { code: 'OMNI_UPSTREAM_EXITED', message: 'exited with code 3', hint: 'Look at its log.' },
  pauseMs: 0,
  nature: 'failure',
};
const FRESH: UpstreamRecord = { state: { phase: 'stopped', since: 0 }, history: NO_HISTORY };

/** One upstream that is told of events, and what its transitions are told as. */
class Life {
  record = FRESH;
  now = 0;

  tell(event: UpstreamEvent, afterMs = 0): readonly NewEvent[] {
    this.now += afterMs;
    const before = this.record;
    const at = { now: this.now, random: 0, settings: DEFAULT_LIFECYCLE };
    const { record, notes } = transition(before, event, at);
    this.record = record;
    const { healthStatus: status, circuitState } = project(record);
    const facts = { upstream: 'files', status, previousStatus: project(before).healthStatus, circuitState };
    const lastedMs = record.state.since - before.state.since;
    const lastErrorCode = record.history.lastError?.code ?? null;
    const told = notes.map((note) => eventOfNote({ id: 'run-1', ...facts, note, lastedMs, lastErrorCode }));
    const isSilent = status === facts.previousStatus || notes.some(tellsOfStatus);
    return isSilent ? told : [eventOfStatus(facts), ...told];
  }
}

function typesOf(events: readonly NewEvent[]): readonly string[] {
  return events.map(({ type }) => type);
}

describe('events of upstreams', () => {
  it('tells a life: start, fall, recovery, and the open circuit [S000-PROC-02] [S000-OBS-04]', () => {
    const life = new Life();
    life.tell({ kind: 'started' });
    expect(typesOf(life.tell({ kind: 'connected', era: 'modern' }))).toEqual(['upstream.started']);
    expect(life.tell({ kind: 'listed', hasProblem: false })).toMatchObject([
      { type: 'upstream.connected', data: { status: 'healthy', previousStatus: 'disconnected' } },
    ]);
    expect(life.tell({ kind: 'connectionLost', ...FALL }, 1_000)).toMatchObject([
      {
        type: 'upstream.disconnected',
        subject: { server: 'files' },
        data: {
          status: 'disconnected',
          previousStatus: 'healthy',
          reason: 'OMNI_UPSTREAM_EXITED',
          recoveryEtaMs: 500,
        },
      },
    ]);
    expect(life.tell({ kind: 'due' }, 500)).toMatchObject([
      {
        type: 'upstream.recovery_attempt',
        subject: { server: 'files' },
        data: { attempt: 1, delayMs: 500, reason: 'OMNI_UPSTREAM_EXITED' },
      },
    ]);
    life.tell({ kind: 'connected', era: 'modern' });
    expect(typesOf(life.tell({ kind: 'listed', hasProblem: false }))).toEqual([
      'upstream.connected',
      'upstream.recovered',
    ]);
    expect(life.tell({ kind: 'ended', until: 0 })).toMatchObject([
      { type: 'upstream.status_changed', data: { status: 'disabled', previousStatus: 'healthy' } },
      { type: 'upstream.stopped', data: { reason: 'shutdown' } },
    ]);
  });

  it('tells that the circuit opened and closed again [S000-OBS-01]', () => {
    const life = new Life();
    life.tell({ kind: 'started' });
    const types: string[] = [];
    for (let n = 0; n < 6; n++) {
      types.push(...typesOf(life.tell({ kind: 'connectFailed', ...FALL })));
      types.push(...typesOf(life.tell({ kind: 'due' }, 60_000)));
    }
    expect(types.filter((type) => type === 'upstream.circuit_opened')).toHaveLength(1);
    life.tell({ kind: 'connected', era: 'modern' });
    expect(typesOf(life.tell({ kind: 'listed', hasProblem: false }))).toContain('upstream.circuit_closed');
  });

  it('has the states and events of a supervisor of processes under names of its own [X003-05]', () => {
    const life = new Life();
    const inner = (): string => project(life.record).inner;
    // uninstalled: there is no definition, and so no record. installed:
    expect(inner()).toBe('idle');
    life.tell({ kind: 'started' });
    // starting:
    expect(inner()).toBe('starting');
    // server.started:
    expect(typesOf(life.tell({ kind: 'connected', era: 'modern' }))).toEqual(['upstream.started']);
    life.tell({ kind: 'listed', hasProblem: false });
    // running:
    expect(inner()).toBe('healthy');
    life.tell({ kind: 'probeMissed', isBusy: false }, 60_000);
    // unhealthy:
    expect(inner()).toBe('degraded');
    // server.crashed:
    expect(typesOf(life.tell({ kind: 'connectionLost', ...FALL }))).toContain('upstream.disconnected');
    expect(inner()).toBe('disconnected');
    life.tell({ kind: 'due' }, 500);
    life.tell({ kind: 'connected', era: 'modern' });
    // server.restarted:
    expect(typesOf(life.tell({ kind: 'listed', hasProblem: false }))).toContain('upstream.recovered');
    for (let attempt = 0; attempt < 6; attempt++) {
      life.tell(attempt === 0 ? { kind: 'connectionLost', ...FALL } : { kind: 'connectFailed', ...FALL });
      if (attempt < 5) life.tell({ kind: 'due' }, 60_000);
    }
    // failed:
    expect(inner()).toBe('circuit_open');
    life.tell({ kind: 'due' }, 60_000);
    life.tell({ kind: 'connected', era: 'modern' });
    life.tell({ kind: 'listed', hasProblem: false });
    life.tell({ kind: 'ended', until: life.now + 1_000 });
    // stopping:
    expect(inner()).toBe('stopping');
    // server.stopped:
    expect(typesOf(life.tell({ kind: 'drained' }))).toContain('upstream.stopped');
    // stopped:
    expect(inner()).toBe('stopped');
    // server.capabilities.updated:
    expect(eventFacts('catalogue.changed').sse).toBe('tools.changed');
  });

  it('tells every change of the health status, under the name Health Change [S000-HLT-05]', () => {
    const fall = fc.constantFrom<Fall['nature']>('failure', 'login', 'misconfigured');
    const happening: fc.Arbitrary<UpstreamEvent> = fc.oneof(
      fc.constantFrom<UpstreamEvent>(
        { kind: 'started' },
        { kind: 'started', isAsleep: true },
        { kind: 'enabled' },
        { kind: 'connected', era: 'legacy' },
        { kind: 'listed', hasProblem: false },
        { kind: 'listed', hasProblem: true },
        { kind: 'probed' },
        { kind: 'probeMissed', isBusy: false },
        { kind: 'renewed' },
        { kind: 'retried' },
        { kind: 'wanted' },
        { kind: 'redefined' },
        { kind: 'repaired' },
        { kind: 'due' },
        { kind: 'drained' },
        { kind: 'restored' },
        { kind: 'ended', until: 0 },
        { kind: 'idle', until: 0 },
        { kind: 'disabled', by: 'admin', reason: 'by hand', until: 0 },
      ),
      fc.constantFrom<UpstreamEvent>(
        { kind: 'due' },
        { kind: 'connectFailed', ...FALL },
        { kind: 'connected', era: 'modern' },
        { kind: 'listed', hasProblem: false },
      ),
      fall.map((nature) => ({ kind: 'connectFailed' as const, ...FALL, nature })),
      fall.map((nature) => ({ kind: 'connectionLost' as const, ...FALL, nature })),
    );
    const changes = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(happening, fc.nat({ max: 700_000 })), { minLength: 20, maxLength: 60 }),
        (steps) => {
          const life = new Life();
          for (const [event, afterMs] of steps) {
            const before = project(life.record).healthStatus;
            const told = life.tell(event, afterMs);
            const after = project(life.record).healthStatus;
            const named = told.filter(({ type }) => eventFacts(type).s000 === 'Health Change');
            if (before === after) continue;
            changes.add(`${before} ${after}`);
            expect(named[0]?.data).toMatchObject({ status: after, previousStatus: before });
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(changes.size).toBeGreaterThan(4);
  });
});
