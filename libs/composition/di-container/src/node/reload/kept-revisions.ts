import { randomUUID } from 'node:crypto';
import { type Configuration, revisionDocument, type RevisionSource } from '@omni/config';
import { type Clock, type ConfigRevision, GatewayError, type Logger } from '@omni/ports';
import type { DefinitionChanges } from '@omni/upstreams';
import type { MasterServer } from '../../master-server.ts';
import type { FilesReading } from './configuration-files.ts';

export interface KeptRevisionsOptions {
  readonly store: MasterServer['revisions'];
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Pick<Logger, 'error'>;
}

/** A configuration that has come into force. */
export interface RevisionToKeep {
  readonly reading: FilesReading;
  readonly configuration: Configuration;
  readonly author: string;
  readonly cause: string;
  readonly changes: Partial<DefinitionChanges>;
}

/** Configurations whose files are remembered with their secret values, as long as Omni runs. */
const MAX_REMEMBERED = 20;

/** The configurations that were in force: numbered, and kept without secret values. */
export class KeptRevisions {
  readonly #options: KeptRevisionsOptions;
  /** By hash, the oldest first. */
  readonly #remembered = new Map<string, readonly RevisionSource[]>();

  constructor(options: KeptRevisionsOptions) {
    this.#options = options;
  }

  /** @returns Its number; `undefined` where it could not be kept, which the log says. */
  async add({ reading, configuration, author, cause, changes }: RevisionToKeep): Promise<number | undefined> {
    const { store, clock, logger } = this.#options;
    this.#remember(reading);
    const document = revisionDocument(reading.files, configuration);
    const { added = [], removed = [], replaced = [], changed = [] } = changes;
    try {
      return await store.addRevision({
        key: randomUUID(),
        at: clock.now(),
        author,
        cause,
        hash: reading.hash,
        summary: JSON.stringify({ added, removed, replaced, changed }),
        document: document === undefined ? null : JSON.stringify(document.sources),
        isWhole: document?.isWhole === true,
      });
    } catch (error) {
      logger.error({ error, hash: reading.hash }, 'a configuration is in force and could not be kept');
      return undefined;
    }
  }

  /** {@link add}, unless it was in force when Omni ran last. */
  async addFirst(revision: RevisionToKeep): Promise<void> {
    this.#remember(revision.reading);
    const [newest] = await this.#options.store.revisions(1);
    if (newest?.hash !== revision.reading.hash) await this.add(revision);
  }

  list(limit: number): Promise<readonly ConfigRevision[]> {
    return this.#options.store.revisions(limit);
  }

  /**
   * The files of a revision, as they were.
   *
   * @throws {@link GatewayError} `OMNI_CONFIG_REVISION_UNKNOWN`, `OMNI_STORE_*`.
   */
  async sourcesOf(number: number): Promise<readonly RevisionSource[]> {
    const revision = await this.#options.store.findRevision(number);
    if (revision === undefined)
      throw new GatewayError('OMNI_CONFIG_REVISION_UNKNOWN', `There is no revision ${number}`);
    const remembered = this.#remembered.get(revision.hash);
    if (remembered !== undefined) return remembered;
    // guard: reload/redacted-revision
    if (!revision.isWhole || revision.document === null)
      throw new GatewayError(
        'OMNI_CONFIG_REVISION_UNKNOWN',
        `Revision ${number} is not kept as it was: it held secret values, or a file that could not be read`,
        { hint: 'Write references such as ${SECRET:NAME} in place of secrets: omni secrets migrate.' },
      );
    // Holds: this class has written it.
    return JSON.parse(revision.document) as readonly RevisionSource[];
  }

  #remember({ hash, files }: FilesReading): void {
    this.#remembered.delete(hash);
    // guard: reload/unread-file
    if (files.some(({ flaw }) => flaw !== undefined)) return;
    this.#remembered.set(
      hash,
      files.map(({ place, role, text }) => ({ place, role, text })),
    );
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
  }
}
