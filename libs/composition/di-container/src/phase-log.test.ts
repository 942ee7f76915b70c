import { describe, expect, it } from '@jest/globals';
import { type LogFields, type Logger, silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { PhaseLog } from './phase-log.ts';

function recording(): { readonly logger: Logger; readonly lines: unknown[] } {
  const lines: unknown[] = [];
  const line =
    (level: string) =>
    (fields: LogFields, text: string): void =>
      void lines.push([level, text, fields]);
  return { logger: { ...silentLogger, debug: line('debug'), info: line('info') }, lines };
}

describe('PhaseLog', () => {
  it('tells each phase with its time, also those before there was a log, and the whole', async () => {
    const clock = new VirtualClock();
    const { logger, lines } = recording();
    const phases = new PhaseLog('start', clock);
    expect(await phases.run('configuration', () => (clock.advance(7), 'read'))).toBe('read');
    phases.logTo(logger);
    await phases.run('store', async () => {
      expect(phases.current).toBe('store');
      await Promise.resolve();
      clock.advance(5);
    });
    expect(phases.current).toBeUndefined();
    phases.end();
    expect(lines).toEqual([
      ['debug', 'start: a phase is over', { phase: 'configuration', ms: 7 }],
      ['debug', 'start: a phase begins', { phase: 'store' }],
      ['debug', 'start: a phase is over', { phase: 'store', ms: 5 }],
      ['info', 'Omni has started', { ms: 12, phases: { configuration: 7, store: 5 } }],
    ]);
  });

  it('passes on what a phase fails with', async () => {
    const { logger, lines } = recording();
    const phases = new PhaseLog('stop', new VirtualClock(), logger);
    await expect(phases.run('store', () => Promise.reject(new RangeError('full')))).rejects.toThrow('full');
    expect(lines.at(-1)).toEqual(['debug', 'stop: a phase is over', { phase: 'store', ms: 0 }]);
  });
});
