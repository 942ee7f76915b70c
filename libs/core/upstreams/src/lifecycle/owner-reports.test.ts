import { describe, expect, it, jest } from '@jest/globals';
import { type OwnerReport, silentLogger } from '@omni/ports';
import { OwnerReports } from './owner-reports.ts';

const credentials = { upstream: 'up', secretValues: ['a1b2c3d4e5'] };

const report = (id: string): OwnerReport => ({
  id,
  at: 0,
  what: 'exited with code 1',
  lines: [`what ada sent to ${id}`],
});

describe('OwnerReports', () => {
  // guard: reports/kept
  it('keeps the latest eight, the latest first', () => {
    const reports = new OwnerReports({ credentials, logger: silentLogger });
    for (let n = 1; n <= 20; n += 1) reports.add(report(String(n)));
    expect(reports.list().map(({ id }) => id)).toEqual(['20', '19', '18', '17', '16', '15', '14', '13']);
  });

  it('tells the log what was written at debug, and nothing at other levels', () => {
    const said: string[] = [];
    const tell = (fields: object, text: string): void => void said.push(JSON.stringify(fields) + text);
    const logger = { ...silentLogger, info: tell, warn: tell, error: tell, debug: jest.fn(tell) };
    new OwnerReports({ credentials, logger }).add(report('a'));
    expect(said).toEqual([]);
    new OwnerReports({ credentials, logger: { ...logger, debugging: true } }).add(report('b'));
    expect(logger.debug).toHaveBeenCalledTimes(1);
    expect(said.join()).toContain('what ada sent to b');
  });

  it('knows the secrets of the upstream', () => {
    const reports = new OwnerReports({ credentials, logger: silentLogger });
    expect(reports.redacted('error 7: key a1b2c3d4e5 refused')).toBe('error 7: key *** refused');
  });
});
