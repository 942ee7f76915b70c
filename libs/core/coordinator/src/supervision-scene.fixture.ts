import {
  DEFAULT_LIFECYCLE,
  type LifecycleExecutor,
  type LifecycleHandle,
  type LifecycleNote,
  type LifecycleSettings,
  NO_HISTORY,
  type UpstreamCommand,
  type UpstreamEvent,
  type UpstreamRecord,
} from '@omni/model';
import type { Clock, LogFields, Logger, RoleHost, StoredDefinition, StoredList } from '@omni/ports';
import type { CoordinatorRestart, SupervisionObserver, UpstreamNote } from './collaborators.ts';
import { Supervision, type SupervisionOptions } from './supervision.ts';

export const FRESH: UpstreamRecord = { state: { phase: 'stopped', since: 0 }, history: NO_HISTORY };

export const FALL = {
  error: { code: 'OMNI_UPSTREAM_EXITED', message: 'exited with code 1', hint: '' },
  pauseMs: 0,
  nature: 'failure',
} as const;

/** An upstream that keeps what it is told to do. */
export class RecordedUpstream implements LifecycleExecutor {
  readonly handle: LifecycleHandle;
  readonly commands: UpstreamCommand['kind'][] = [];
  readonly records: UpstreamRecord[] = [];
  readonly notes: LifecycleNote['kind'][] = [];
  onCommand: (command: UpstreamCommand) => void = () => {};

  constructor(
    supervision: Supervision,
    name: string,
    settings: LifecycleSettings = DEFAULT_LIFECYCLE,
    record: UpstreamRecord = FRESH,
  ) {
    this.handle = supervision.adopt({ name, definition: `${name}#1`, record, settings }, this);
  }

  execute(command: UpstreamCommand): void {
    this.commands.push(command.kind);
    this.onCommand(command);
  }

  onChanged(record: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    this.records.push(record);
    this.notes.push(...notes.map(({ kind }) => kind));
  }

  report(...events: readonly UpstreamEvent[]): void {
    for (const event of events) this.handle.report(event);
  }

  get phase(): string {
    return this.handle.record.state.phase;
  }
}

export class RecordingObserver implements SupervisionObserver {
  readonly notes: { readonly note: UpstreamNote; readonly isPersisted: boolean }[] = [];
  readonly restarts: CoordinatorRestart[] = [];
  readonly definitions: (readonly StoredDefinition[])[] = [];
  readonly lists: (readonly StoredList[])[] = [];

  onNote(note: UpstreamNote, isPersisted: boolean): void {
    this.notes.push({ note, isPersisted });
  }

  onRestarted(restart: CoordinatorRestart): void {
    this.restarts.push(restart);
  }

  onDefinitions(definitions: readonly StoredDefinition[]): void {
    this.definitions.push(definitions);
  }

  onLists(lists: readonly StoredList[]): void {
    this.lists.push(lists);
  }
}

export class RecordingLogger implements Logger {
  readonly debugging = false;
  readonly errors: { readonly fields: LogFields; readonly message: string }[] = [];
  readonly warnings: string[] = [];

  debug(): void {}
  info(): void {}

  warn(_fields: LogFields, message: string): void {
    this.warnings.push(message);
  }

  error(fields: LogFields, message: string): void {
    this.errors.push({ fields, message });
  }
}

export interface SupervisionScene {
  readonly observer: RecordingObserver;
  readonly logger: RecordingLogger;
  readonly supervision: Supervision;
}

export function supervisionScene(
  host: RoleHost,
  clock: Clock,
  options: Partial<SupervisionOptions> = {},
): SupervisionScene {
  const observer = new RecordingObserver();
  const logger = new RecordingLogger();
  const supervision = new Supervision({
    host,
    clock,
    random: () => 0.5,
    logger,
    observer,
    run: 'run1',
    ...options,
  });
  return { observer, logger, supervision };
}

/** The events of an attempt that led to a server that is well. */
export const UP: readonly UpstreamEvent[] = [
  { kind: 'connected', era: 'modern' },
  { kind: 'listed', hasProblem: false },
];
