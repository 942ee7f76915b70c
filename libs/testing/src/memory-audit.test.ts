import { describe, it } from '@jest/globals';
import { auditSinkContract } from './contracts/audit-sink-contract.ts';
import { MemoryAudit } from './memory-audit.ts';

describe('an audit in memory', () => {
  auditSinkContract(it, () => {
    const sink = new MemoryAudit();
    return { sink, read: () => sink.records };
  });
});
