import { describe, expect, it, jest } from '@jest/globals';
import { type OwnerReport, silentLogger } from '@omni/ports';
import { OwnerReports } from './owner-reports.ts';

const report = (id: string): OwnerReport => ({
  id,
  at: 0,
  what: 'exited with code 1',
  lines: [`what ada sent to ${id}`],
});

describe('OwnerReports', () => {
  // guard: owner-reports/kept
  it('keeps the latest eight, the latest first', () => {
    const reports = new OwnerReports('up', silentLogger);
    for (let n = 1; n <= 20; n += 1) reports.add(report(String(n)));
    expect(reports.list().map(({ id }) => id)).toEqual(['20', '19', '18', '17', '16', '15', '14', '13']);
  });

  it('tells the log what was written at debug, and nothing at other levels', () => {
    const said: string[] = [];
    const tell = (fields: object, text: string): void => void said.push(JSON.stringify(fields) + text);
    const logger = { ...silentLogger, info: tell, warn: tell, error: tell, debug: jest.fn(tell) };
    new OwnerReports('up', logger).add(report('a'));
    expect(said).toEqual([]);
    new OwnerReports('up', { ...logger, debugging: true }).add(report('b'));
    expect(logger.debug).toHaveBeenCalledTimes(1);
    expect(said.join()).toContain('what ada sent to b');
  });
});
