import { describe, expect, it } from '@jest/globals';
import { isLogLevel, severityOf } from './log-levels.ts';

describe('log levels', () => {
  it('are those of RFC 5424, least severe first', () => {
    const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
    expect(levels.map(severityOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(levels.every(isLogLevel)).toBe(true);
  });

  it.each(['notification', 'Notice', 'warn', ''])('do not include "%s"', (level) => {
    expect(isLogLevel(level)).toBe(false);
    expect(severityOf(level)).toBe(-1);
  });
});
