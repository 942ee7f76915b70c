import { describe, expect, it } from '@jest/globals';
import { type LogFields, silentLogger } from '@omni/ports';
import { MemoryAudit } from '@omni/testing';
import { auditSinkContract } from '@omni/testing/contracts';
import { loggedAudit } from './logged-audit.ts';

describe('an audit that is logged, too', () => {
  auditSinkContract(it, () => {
    const next = new MemoryAudit();
    return { sink: loggedAudit(silentLogger, next), read: () => next.records };
  });

  it('stands in the log with what it is about', () => {
    const lines: LogFields[] = [];
    const logger = { ...silentLogger, info: (fields: LogFields) => void lines.push(fields) };
    const audit = loggedAudit(logger);
    const record = { at: 1, actor: 'ada', subject: '/etc/omni.yaml', outcome: 'success' } as const;
    audit.record({ ...record, type: 'config.applied', details: { before: 'x', after: 'y' } });
    audit.record({ ...record, type: 'secret.cache_hit' });
    expect(lines).toEqual([
      {
        audit: 'config.applied',
        ...{ actor: 'ada', subject: '/etc/omni.yaml', outcome: 'success', before: 'x', after: 'y' },
      },
    ]);
  });
});
