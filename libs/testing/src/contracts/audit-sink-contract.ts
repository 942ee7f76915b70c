import assert from 'node:assert/strict';
import type { AuditRecord, AuditSink } from '@omni/ports';
import type { DefineTest } from './define-test.ts';

/** An audit, and what somebody who reads it is shown. */
export interface AuditSinkScene {
  readonly sink: AuditSink;
  /** The records, oldest first. */
  readonly read: () => readonly AuditRecord[] | Promise<readonly AuditRecord[]>;
}

/**
 * What every `AuditSink` must do; the test file of each calls this.
 *
 * @param it - Of the runner.
 * @param open - Called for each test: an empty audit.
 */
export function auditSinkContract(
  it: DefineTest,
  open: () => AuditSinkScene | Promise<AuditSinkScene>,
): void {
  it('keeps what was done, by whom and to what, in its order', async () => {
    const { sink, read } = await open();
    const given = [
      record('a'),
      record('b', { outcome: 'failure', count: 3 }),
      record('c', { details: { n: 1 } }),
    ];
    for (const one of given) sink.record(one);
    assert.deepEqual(await read(), given);
  });

  it('keeps a record as it was when it was told', async () => {
    const { sink, read } = await open();
    const details: Record<string, number> = { n: 1 };
    sink.record(record('a', { details }));
    details['n'] = 2;
    assert.deepEqual(await read(), [record('a', { details: { n: 1 } })]);
  });

  it('answers nothing, and at once', async () => {
    const { sink } = await open();
    assert.equal(sink.record(record('a')), undefined);
  });
}

function record(subject: string, parts: Partial<AuditRecord> = {}): AuditRecord {
  return { type: 'config.applied', at: 1_000, actor: 'ada', subject, outcome: 'success', ...parts };
}
