import { describe, expect, it } from '@jest/globals';
import { EventBus, type NewEvent } from '@omni/events';
import { type LogFields, silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { logEvent } from './event-lines.ts';

function logged(event: NewEvent): readonly unknown[] {
  const lines: unknown[] = [];
  const to =
    (level: string) =>
    (fields: LogFields, message: string): void =>
      void lines.push([level, message, fields]);
  const logger = {
    debugging: false,
    debug: to('debug'),
    info: to('info'),
    warn: to('warn'),
    error: to('error'),
  };
  const bus = new EventBus({ instance: 'omni-1', clock: new VirtualClock(), logger: silentLogger });
  logEvent(logger, bus.publish(event));
  return lines;
}

describe('logEvent', () => {
  it('logs that a server was stopped, and why [S000-SHD-06]', () => {
    expect(
      logged({ type: 'upstream.stopped', subject: { server: 'files' }, data: { reason: 'shutdown' } }),
    ).toEqual([
      [
        'info',
        'Server Stop',
        expect.objectContaining({ event: 'upstream.stopped', upstream: 'files', reason: 'shutdown' }),
      ],
    ]);
  });

  it('logs attempts to recover with attempt, delay and reason [S000-OBS-04]', () => {
    const data = { attempt: 2, delayMs: 1_000, reason: 'OMNI_UPSTREAM_EXITED' };
    expect(logged({ type: 'upstream.recovery_attempt', subject: { server: 'files' }, data })).toEqual([
      ['info', 'Retry', expect.objectContaining({ ...data, upstream: 'files' })],
    ]);
  });

  it('leaves the process id of a line to Omni', () => {
    const data = { pid: 4711, code: 0, signal: null };
    const [[, , fields] = []] = logged({ type: 'process.exited', subject: { server: 'files' }, data }) as [
      [string, string, LogFields],
    ];
    expect(fields).toMatchObject({ childPid: 4711, code: 0, upstream: 'files' });
    expect(fields).not.toHaveProperty('pid');
  });

  it('says of a critical event that it is one', () => {
    expect(logged({ type: 'fleet.multiple_failures' })).toEqual([
      ['error', 'fleet.multiple_failures', expect.objectContaining({ severity: 'critical' })],
    ]);
  });

  it('leaves states of servers to those who log them', () => {
    expect(logged({ type: 'upstream.connected', subject: { server: 'files' } })).toEqual([]);
  });
});
