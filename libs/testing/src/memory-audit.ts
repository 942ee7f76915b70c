import type { AuditRecord, AuditSink } from '@omni/ports';

/** An audit that stays in memory. */
export class MemoryAudit implements AuditSink {
  readonly records: AuditRecord[] = [];

  record(record: AuditRecord): void {
    const { details } = record;
    this.records.push({ ...record, ...(details !== undefined && { details: { ...details } }) });
  }
}
