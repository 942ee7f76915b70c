import { describe, expect, it } from '@jest/globals';
import type { UpstreamNote } from '@omni/coordinator';
import type { HealthLogRow } from '@omni/ports';
import { rowOf } from '../definitions.ts';
import { Choices } from '../engine/choices.ts';
import { VirtualDisk } from '../world/virtual-disk.ts';
import { Durability } from './durability.ts';
import { Violations } from './violations.ts';

const RECORD = '{"state":{}}';

/** The note with this number, of one server. */
function noteOf(number: number): UpstreamNote {
  return {
    id: `run:${number}`,
    at: number,
    upstream: 'a',
    note: { kind: 'manually_enabled', reason: '' },
    status: 'healthy',
    previousStatus: 'disabled',
    circuitState: 'closed',
    lastedMs: 0,
    lastErrorCode: null,
  };
}

function logRow({ upstream, at, note }: UpstreamNote): HealthLogRow {
  return {
    upstream,
    at,
    eventType: note.kind,
    status: null,
    previousStatus: null,
    reason: null,
    responseTimeMs: null,
    errorCode: null,
    errorMessage: null,
    attempt: null,
    recoveryEtaMs: null,
    metadata: null,
    instanceId: null,
  };
}

/** Two notes happen; what is stored and told of them is up to the test. */
function scene() {
  const violations = new Violations(() => 0);
  const durability = new Durability(violations);
  const disk = new VirtualDisk({ choices: new Choices(1, 'disk'), work: () => Promise.resolve() });
  const notes = [noteOf(1), noteOf(2)] as const;
  disk.keep({ key: 'defined', at: 0, defined: [rowOf('a', '1')] });
  for (const note of notes) durability.onExecuted('a', RECORD, [note.note], note.at);
  const state = {
    name: 'a',
    record: RECORD,
    healthStatus: 'healthy',
    circuitState: 'closed',
    errorCount: 0,
  };
  return {
    durability,
    notes,
    keep: (log: readonly UpstreamNote[], record = RECORD): void =>
      disk.keep({
        key: `log ${log.map(({ id }) => id).join()}`,
        at: 3,
        log: log.map(logRow),
        // The disk reads no more of it.
        states: [{ ...state, record } as never],
      }),
    found: (check: 'checkCut' | 'checkEnd'): readonly string[] => {
      durability[check](disk);
      return violations.all.map(({ invariant, what }) => `${invariant}: ${what}`);
    },
  };
}

describe('invariant I6', () => {
  it('holds where everything that has happened is told and stored, once and in order', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes);
    for (const note of notes) durability.onTold(note, true);
    expect(found('checkCut')).toEqual([]);
    expect(found('checkEnd')).toEqual([]);
  });

  it('is broken by a note that was told as stored and is gone when the power is cut', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes.slice(0, 1));
    for (const note of notes) durability.onTold(note, true);
    expect(found('checkCut')).toEqual(['I6: "a manually_enabled 2" was told as stored and is not there']);
  });

  it('is not broken by a note that was told before it was stored', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes.slice(0, 1));
    durability.onTold(notes[0], true);
    durability.onTold(notes[1], false);
    expect(found('checkCut')).toEqual([]);
  });

  it('is broken by a note that is told twice', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes);
    for (const note of [...notes, notes[1]]) durability.onTold(note, true);
    expect(found('checkCut')).toContain('I6: run:2 is told twice');
  });

  it('is broken by a note that nobody is told of', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes);
    durability.onTold(notes[0], true);
    expect(found('checkEnd')).toEqual(['I6: 2 notes were executed, and 1 told']);
  });

  it('is broken by a log that lacks what has happened, and does not say so', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes.slice(1));
    for (const note of notes) durability.onTold(note, true);
    expect(found('checkEnd')).toEqual(['I6: 1 of 2 notes are not in the log, which lacks 0']);
  });

  it('is broken by a log in another order', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes.toReversed());
    for (const note of notes) durability.onTold(note, true);
    expect(found('checkEnd')).toEqual(['I6: "a manually_enabled 1" is in the log and has not happened']);
  });

  it('is broken by a record that is not the last one', () => {
    const { durability, notes, keep, found } = scene();
    keep(notes, '{"state":{"phase":"stopped"}}');
    for (const note of notes) durability.onTold(note, true);
    expect(found('checkEnd')).toEqual(['I6: the record of "a" is not the last one']);
  });
});
