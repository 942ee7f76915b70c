import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE } from '@omni/ports';
import { dueAt } from './due-at.ts';
import { Life, MISSING, REFUSED, settingsOf, wellLife } from './lifecycle.fixture.ts';
import { outageMs } from './outage.ts';
import { project } from './projection.ts';

/** A wait of an upstream that is down, in seconds. */
function waitOf(life: Life): number {
  const { state } = life;
  if (state.phase !== 'down') throw new TypeError(`it is ${state.phase}`);
  return (state.nextAttemptAt - life.now) / 1_000;
}

/** Falls as often as it comes up, each time after so long. */
function fallEvery(life: Life, ms: number, times: number): void {
  for (let fall = 0; fall < times; fall++) {
    if (life.state.phase === 'down') life.toDue().comeUp();
    life.wait(ms).lose();
  }
}

describe('the circuit breaker', () => {
  it('has the numbers of the seed [S001-CB-02] [S001-CB-03] [S001-CB-04] [S001-CB-06]', () => {
    expect(DEFAULT_LIFECYCLE.breaker).toEqual({
      failureThreshold: 5,
      recoveryTimeoutMs: 30_000,
      maxTimeoutMs: 600_000,
      backoffMultiplier: 2,
      disableAfterMs: 1_800_000,
      disableAfterCycles: 0,
    });
    expect(DEFAULT_LIFECYCLE.restart.stepsMs).toEqual([500, 1_000, 2_000, 5_000, 10_000]);
  });

  // guard: lifecycle/threshold
  it('tries a server that never returns by the backoff, then by trials, and gives up after 30 minutes [S001-CB-05] [S001-CO-02] [S001-ST-02] [S001-ST-04]', () => {
    const life = wellLife().lose();
    const begin = life.now;
    expect(life.attemptsUntilOver()).toEqual([
      0.5, 1.5, 3.5, 8.5, 18.5, 48.5, 108.5, 228.5, 468.5, 948.5, 1_548.5,
    ]);
    expect(life.state).toMatchObject({
      phase: 'disabled',
      by: 'auto_downtime',
      reason: 'it was down for 30 minutes',
    });
    expect((life.now - begin) / 1_000).toBe(1_800);
    expect(life.commands.at(-1)).toBe('close');
    expect(life.record.history).toMatchObject({ outage: null, totalDowntimeMs: 1_800_000 });
  });

  // guard: lifecycle/overdue
  it('gives up when an attempt fails that has taken longer than there was time', () => {
    const life = wellLife().lose();
    for (let attempt = 0; attempt < 10; attempt++) life.toDue().fail();
    life.toDue().wait(300_000).fail();
    expect(life.state).toMatchObject({ phase: 'disabled', by: 'auto_downtime' });
  });

  it('says each step in the health log, and until when it waits', () => {
    const life = wellLife().lose();
    life.attemptsUntilOver();
    const said = life.notes.slice(2).map(({ kind, attempt, recoveryEtaMs }) => ({
      kind,
      ...(attempt !== undefined && { attempt }),
      ...(recoveryEtaMs !== undefined && { recoveryEtaMs }),
    }));
    const trials = [60_000, 120_000, 240_000, 480_000, 600_000, 600_000];
    expect(said).toEqual([
      { kind: 'disconnected', recoveryEtaMs: 500 },
      ...[1, 2, 3, 4, 5].map((attempt) => ({ kind: 'recovery_attempt', attempt })),
      { kind: 'circuit_opened', recoveryEtaMs: 30_000 },
      ...trials.flatMap((recoveryEtaMs, index) => [
        { kind: 'recovery_attempt', attempt: index + 6 },
        { kind: 'circuit_opened', recoveryEtaMs },
      ]),
      { kind: 'auto_disabled' },
      { kind: 'circuit_closed' },
    ]);
  });

  it('lets a single trial through, and closes when it has been well', () => {
    const life = wellLife().lose();
    for (let attempt = 0; attempt < 5; attempt++) life.toDue().fail();
    expect(project(life.record)).toMatchObject({ healthStatus: 'circuit_open', circuitState: 'open' });
    life.toDue();
    expect(project(life.record)).toMatchObject({ healthStatus: 'circuit_open', circuitState: 'half_open' });
    life.fail();
    expect(waitOf(life)).toBe(60);
    life.toDue().tell({ kind: 'connected', era: 'modern' });
    expect(project(life.record)).toMatchObject({ inner: 'half_open', circuitState: 'half_open' });
    life.wait(700).tell({ kind: 'listed', hasProblem: false });
    expect(project(life.record)).toMatchObject({ healthStatus: 'healthy', circuitState: 'closed' });
    expect(life.notes.slice(-3)).toEqual([
      { kind: 'connected' },
      { kind: 'recovery_success', downtimeMs: 109_200 },
      { kind: 'circuit_closed' },
    ]);
    expect(life.record.history).toMatchObject({
      consecutiveFailures: 0,
      failedCycles: 0,
      opens: 0,
      outage: null,
      totalDowntimeMs: 109_200,
    });
  });

  it('does not count a trial whose lists could not be read as a success', () => {
    const life = wellLife().lose();
    for (let attempt = 0; attempt < 5; attempt++) life.toDue().fail();
    life.toDue().tell({ kind: 'connected', era: 'legacy' }).wait(1_000).lose();
    expect(life.state).toMatchObject({ phase: 'down', circuit: 'failures' });
    expect(life.record.history).toMatchObject({
      consecutiveFailures: 6,
      failedCycles: 1,
      falls: [expect.anything()],
    });
  });

  it('gives up after three failed trials where that is wanted [X001-02]', () => {
    const life = wellLife(settingsOf({ breaker: { disableAfterCycles: 3 } })).lose();
    const begin = life.now;
    expect(life.attemptsUntilOver()).toEqual([0.5, 1.5, 3.5, 8.5, 18.5, 48.5, 108.5, 228.5]);
    expect(life.state).toMatchObject({
      phase: 'disabled',
      by: 'auto_cycles',
      reason: '3 trials failed in a row',
    });
    expect((life.now - begin) / 1_000).toBe(228.5);
  });

  it('gives up by failed trials or by downtime, whichever comes first [X001-02]', () => {
    const trials = wellLife(settingsOf({ breaker: { disableAfterCycles: 6 } })).lose();
    const begin = trials.now;
    // The sixth trial fails at 1,548.5 s, before the half hour is over.
    expect(trials.attemptsUntilOver()).toHaveLength(11);
    expect(trials.state).toMatchObject({ phase: 'disabled', by: 'auto_cycles' });
    expect((trials.now - begin) / 1_000).toBe(1_548.5);
    expect(trials.record.history.failedCycles).toBe(6);
    const downtime = wellLife(settingsOf({ breaker: { disableAfterCycles: 7 } })).lose();
    downtime.attemptsUntilOver();
    expect(downtime.state).toMatchObject({ phase: 'disabled', by: 'auto_downtime' });
    expect((downtime.now - begin) / 1_000).toBe(1_800);
  });

  it('counts a trial that failed, and no other attempt, as a failed cycle [X001-02]', () => {
    const life = wellLife(settingsOf({ breaker: { disableAfterCycles: 3 } })).lose();
    const counted: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      life.toDue().fail();
      counted.push(life.record.history.failedCycles);
    }
    expect(counted).toEqual([0, 0, 0, 0, 0, 1, 2]);
    life.toDue().comeUp();
    expect(life.record.history.failedCycles).toBe(0);
  });

  it('tries every 30 s where the backoff has no steps', () => {
    const life = wellLife(settingsOf({ restart: { stepsMs: [] } })).lose();
    expect(life.attemptsUntilOver().slice(0, 8)).toEqual([30, 60, 90, 120, 150, 180, 240, 360]);
  });

  it('opens after as many failures as the backoff has steps, where those are fewer', () => {
    const life = wellLife(settingsOf({ restart: { stepsMs: [500, 1_000] } })).lose();
    expect(life.attemptsUntilOver().slice(0, 3)).toEqual([0.5, 1.5, 31.5]);
  });

  it('lets so many attempts of the backoff fail as is configured: 5, or 2 [S000-GRD-07]', () => {
    const times = (failureThreshold: number): readonly number[] =>
      wellLife(settingsOf({ breaker: { failureThreshold } }))
        .lose()
        .attemptsUntilOver()
        .slice(0, 6);
    expect(DEFAULT_LIFECYCLE.breaker.failureThreshold).toBe(5);
    expect(times(5)).toEqual([0.5, 1.5, 3.5, 8.5, 18.5, 48.5]);
    expect(times(2).slice(0, 3)).toEqual([0.5, 1.5, 31.5]);
  });

  it('never gives up where the time is 0, and counts no further than it can', () => {
    const life = wellLife(settingsOf({ breaker: { disableAfterMs: 0 } })).lose();
    expect(life.attemptsUntilOver()).toHaveLength(201);
    expect(waitOf(life)).toBe(600);
    expect(life.record.history.opens).toBeLessThan(10);
  });

  it('waits as long as the server asks for, where that is longer, and up to a tenth more by chance', () => {
    const settings = settingsOf({ restart: { jitter: 0.1 } });
    expect(waitOf(wellLife(settings).lose({ pauseMs: 7_000 }))).toBe(7);
    expect(waitOf(wellLife(settings).lose({ pauseMs: 20 }))).toBe(0.5);
    const jittered = wellLife(settings);
    jittered.tell({ kind: 'connectionLost', ...REFUSED, nature: 'failure' }, 0.999);
    expect(waitOf(jittered)).toBe(0.55);
  });

  it('adds up to a tenth by chance to a wait, never more [S000-GRD-06]', () => {
    const settings = settingsOf({ restart: { jitter: 0.1 } });
    const sampled = Array.from({ length: 1_000 }, (_, n) => {
      const life = wellLife(settings);
      life.tell({ kind: 'connectionLost', ...REFUSED, nature: 'failure' }, n / 1_000);
      return waitOf(life);
    });
    expect(Math.min(...sampled)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...sampled)).toBeLessThanOrEqual(0.55);
    expect(new Set(sampled).size).toBeGreaterThan(40);
  });

  // guard: lifecycle/flapping
  it('opens at the sixth fall within five minutes, and waits longer each time', () => {
    const life = wellLife();
    fallEvery(life, 20_000, 5);
    expect(life.state).toMatchObject({ phase: 'down', circuit: null });
    fallEvery(life, 20_000, 1);
    expect(life.state).toMatchObject({ phase: 'down', circuit: 'flapping' });
    expect(life.notes.at(-1)).toMatchObject({ kind: 'circuit_opened', reason: 'flapping' });
    expect(waitOf(life)).toBe(30);
    fallEvery(life, 20_000, 1);
    expect(waitOf(life)).toBe(60);
  });

  // guard: lifecycle/trial-reopens
  it('stays open when the trial of a server fails that has flapped', () => {
    const life = wellLife();
    fallEvery(life, 20_000, 6);
    life.toDue().fail();
    expect(life.record.history.consecutiveFailures).toBe(1);
    expect(life.state).toMatchObject({ phase: 'down', circuit: 'failures' });
    expect(waitOf(life)).toBe(60);
  });

  it('does not take six falls for flapping that lie further apart', () => {
    const life = wellLife();
    fallEvery(life, 61_000, 12);
    expect(life.state).toMatchObject({ phase: 'down', circuit: null });
    expect(life.record.history.falls.length).toBeLessThan(6);
  });

  // guard: lifecycle/stable
  it('remembers the step of the backoff, and forgets it after five stable minutes', () => {
    const life = wellLife();
    fallEvery(life, 100_000, 3);
    expect(waitOf(life)).toBe(2);
    life.toDue().comeUp().wait(299_999).lose();
    expect(waitOf(life)).toBe(5);
    life.toDue().comeUp().wait(300_000).lose();
    expect(waitOf(life)).toBe(0.5);
    // A server that is well again has no failures, whatever its rung is.
    expect(life.record.history.consecutiveFailures).toBe(0);
  });

  // guard: lifecycle/login-not-counted
  it('counts neither a login nor a missing command as a failure or as downtime', () => {
    const life = wellLife(settingsOf({ breaker: { disableAfterCycles: 1 } })).lose();
    for (let attempt = 0; attempt < 5; attempt++) life.toDue().fail();
    life.toDue();
    const counted = outageMs(life.record.history.outage, life.now);
    life.fail(REFUSED);
    expect(life.state).toMatchObject({ phase: 'login', nextAttemptAt: life.now + 600_000 });
    expect(life.record.history).toMatchObject({ consecutiveFailures: 5, failedCycles: 0 });
    life.wait(86_400_000).tell({ kind: 'renewed' }).wait(5_000).fail(MISSING);
    expect(life.state.phase).toBe('misconfigured');
    expect(life.record.history.failedCycles).toBe(0);
    expect(outageMs(life.record.history.outage, life.now)).toBe(counted);
    expect(dueAt(life.record, life.settings)).toBeNull();
  });

  it('does not take refused credentials for flapping', () => {
    const life = wellLife();
    for (let fall = 0; fall < 9; fall++) life.lose(REFUSED).tell({ kind: 'renewed' }).comeUp();
    expect(life.record.history.falls).toEqual([]);
  });

  it('asks a server that refuses again after ten minutes, without anybody', () => {
    const life = new Life().tell({ kind: 'started' }).fail(REFUSED);
    expect(life.notes).toEqual([{ kind: 'login_required', error: REFUSED.error }]);
    const refusedAt = life.now;
    life.toDue();
    expect(life.state.phase).toBe('starting');
    expect(life.now - refusedAt).toBe(600_000);
  });

  it('does not count time after it was stopped', () => {
    const life = wellLife().lose().wait(300).tell({ kind: 'ended', until: 0 });
    expect(life.state.phase).toBe('stopped');
    life.wait(86_400_000).tell({ kind: 'started' });
    expect(outageMs(life.record.history.outage, life.now)).toBe(300);
  });

  it('disables at its time also when its timer fires early, and never tries before', () => {
    const life = wellLife().lose();
    for (let attempt = 0; attempt < 11; attempt++) life.toDue().fail();
    const at = dueAt(life.record, life.settings) ?? 0;
    life.now = at - 3;
    life.tell({ kind: 'due' });
    expect(life.state.phase).toBe('disabled');
  });

  it('tries again when its timer fires, however the wall clock was set meanwhile', () => {
    const life = wellLife().lose();
    life.now -= 1e9;
    life.tell({ kind: 'due' });
    expect(life.state.phase).toBe('starting');
    life.fail();
    expect(waitOf(life)).toBe(1);
    expect(outageMs(life.record.history.outage, life.now)).toBe(0);
  });
});
