import { isAbsolute, relative, resolve } from 'node:path';
import {
  type Configuration,
  ConfigurationReload,
  type ReloadCause,
  type ReloadOutcome,
  type RevisionSource,
  settingsThatNeedRestart,
  type SourceReading,
} from '@omni/config';
import { ConfigWatch } from '@omni/node';
import {
  type AuditSink,
  type CancelTimer,
  type Clock,
  type ConfigRevision,
  GatewayError,
  type Logger,
  silentAudit,
} from '@omni/ports';
import type { DefinitionChanges } from '@omni/upstreams';
import type { MasterServer } from '../../master-server.ts';
import type { ConfigurationFiles, FilesReading } from './configuration-files.ts';
import { KeptRevisions } from './kept-revisions.ts';
import { restoreFiles } from './restored-files.ts';

/** The files of a configuration, and what was read of them at the start. */
export interface ConfigurationOrigin {
  readonly files: ConfigurationFiles;
  readonly first: FilesReading;
  /**
   * Whether a configuration may come into force.
   *
   * @throws {@link GatewayError} `OMNI_CONFIG_UNAPPROVED`
   */
  readonly checkApproved?: ((hash: string) => Promise<void>) | undefined;
}

export interface FollowedConfigurationOptions extends ConfigurationOrigin {
  /** What Omni was started with. */
  readonly configuration: Configuration;
  readonly server: Pick<MasterServer, 'configuration' | 'reload' | 'revisions'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told every change. Default: nobody. */
  readonly audit?: AuditSink | undefined;
}

/** What a reload has brought. */
export interface AppliedConfiguration {
  /** `undefined` where it could not be kept. */
  readonly revision: number | undefined;
  readonly changes: DefinitionChanges;
  /** Settings that are in force after a restart only. */
  readonly needsRestart: readonly string[];
}

export interface ConfigurationHistory {
  readonly path: string;
  /** Of what is in force. */
  readonly hash: string;
  /** Why what lies in the files now is not in force; `undefined` where it is. */
  readonly refused: { readonly code: string; readonly message: string } | undefined;
  readonly revisions: readonly ConfigRevision[];
}

/** A configuration, and the files that it was made of. */
interface LoadedFiles {
  readonly reading: FilesReading;
  readonly configuration: Configuration;
}

/** Where the system tells of no changes, such as on a network drive. */
const LOOK_EACH_MS = 30_000;
const MOST_REVISIONS = 1_000;
const BY_FILE = { author: 'file', cause: 'file' };

/** Brings what is written into the files of a configuration into force, while Omni runs. */
export class FollowedConfiguration {
  readonly #options: FollowedConfigurationOptions;
  readonly #reload: ConfigurationReload<LoadedFiles, AppliedConfiguration>;
  readonly #revisions: KeptRevisions;
  readonly #watch: ConfigWatch | undefined;
  #cancelLook: CancelTimer | undefined;
  /** One revision after the other. */
  #keeping: Promise<unknown>;

  constructor(options: FollowedConfigurationOptions) {
    const { files, first, configuration, server, clock, logger } = options;
    this.#options = options;
    this.#revisions = new KeptRevisions({ store: server.revisions, clock, logger });
    this.#reload = new ConfigurationReload({
      read: () => this.#read(),
      hash: first.hash,
      apply: (reading, cause) => this.#apply(reading, cause),
      onOutcome: (outcome, cause) => this.#tell(outcome, cause),
      clock,
      logger,
      debounceMs: configuration.reload.debounceMs,
    });
    const start = { reading: first, configuration, author: 'file', cause: 'start', changes: {} };
    this.#keeping = this.#revisions
      .addFirst(start)
      .catch((error: unknown) => logger.warn({ error }, 'the configuration could not be kept'));
    if (!configuration.reload.watch) return;
    const onChange = (): void => this.#reload.changed(BY_FILE);
    this.#watch = new ConfigWatch({ path: files.path, baseNames: files.baseNames, onChange });
    // They may have changed before they were watched.
    void this.#watch.follow(first.files.map(({ path }) => path)).then(onChange);
    this.#lookLater();
  }

  /** Somebody asks to look at the files, such as by a signal; the log says what becomes of it. */
  lookAgain(): void {
    const { logger } = this.#options;
    this.#reload
      .apply({ author: 'signal', cause: 'signal', isConfirmed: false })
      .catch((error: unknown) => logger.warn({ error }, 'the configuration was not read again'));
  }

  /**
   * Brings into force what lies in the files, however many servers it removes.
   *
   * @throws {@link GatewayError} Why it was refused.
   */
  async apply(author: string): Promise<AppliedConfiguration | undefined> {
    return appliedOf(await this.#reload.apply({ author, cause: 'apply', isConfirmed: true }));
  }

  /** @param limit - Most revisions, of 1,000. */
  async history(limit: number): Promise<ConfigurationHistory> {
    const { hash, lastOutcome } = this.#reload;
    const refused = lastOutcome?.kind === 'refused' ? lastOutcome.error : undefined;
    return {
      path: this.#options.files.path,
      hash,
      refused: refused && { code: refused.code, message: refused.message },
      revisions: await this.#revisions.list(Math.min(limit, MOST_REVISIONS)),
    };
  }

  /**
   * Writes the files as they were in a revision, and brings them into force. A file that was not there then
   * gets a name that is not read.
   *
   * @throws {@link GatewayError} `OMNI_CONFIG_REVISION_UNKNOWN`, `OMNI_STORE_*`, and why it was refused: the
   * files stay as they are then.
   */
  async rollback(number: number, author: string): Promise<AppliedConfiguration | undefined> {
    await this.#keeping;
    const sources = await this.#revisions.sourcesOf(number);
    this.#refuseOthers(number, sources);
    await this.#options.files.check(sources);
    const cause = { author, cause: `rollback ${number}`, isConfirmed: true };
    let undo = async (): Promise<void> => {};
    const restore = async (): Promise<void> => {
      undo = await this.#restore(number, sources);
    };
    try {
      return appliedOf(await this.#reload.write(restore, cause));
    } catch (error) {
      // guard: reload/rollback-undone
      await undo();
      throw error;
    }
  }

  /** Begins nothing more. @returns Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#cancelLook?.();
    this.#watch?.close();
    await this.#reload.close();
    await this.#keeping;
  }

  async #read(): Promise<SourceReading<LoadedFiles>> {
    const reading = await this.#options.files.read();
    await this.#watch?.follow(reading.files.map(({ path }) => path));
    const { mark, hash } = reading;
    return {
      mark,
      hash,
      load: async () => {
        await this.#options.checkApproved?.(hash);
        return { reading, configuration: await reading.load() };
      },
    };
  }

  async #apply(
    source: SourceReading<LoadedFiles>,
    { author, cause, isConfirmed }: ReloadCause,
  ): Promise<AppliedConfiguration> {
    const { server, configuration: started } = this.#options;
    const brought: { files?: LoadedFiles } = {};
    const load = async (): Promise<Configuration['upstreams']> => {
      brought.files = await source.load();
      const { upstreams } = brought.files.configuration;
      if (!isConfirmed) this.#refuseNewFlaws(upstreams);
      return upstreams;
    };
    const changes = await server.reload(load, { author, isConfirmed });
    const { files } = brought;
    if (files === undefined)
      throw new GatewayError('OMNI_INTERNAL', 'A configuration is in force that was not read');
    const revision = await this.#revisions.add({ ...files, author, cause, changes });
    return { revision, changes, needsRestart: settingsThatNeedRestart(started, files.configuration) };
  }

  /** A server that works is not stopped by a mistake in what is written about it. */
  #refuseNewFlaws(read: Configuration['upstreams']): void {
    const inForce = new Map(
      this.#options.server.configuration.effective().upstreams.map((spec) => [spec.name, spec]),
    );
    const flaws = read.flatMap(({ name, flaw }) => {
      const former = inForce.get(name);
      const worked = former?.enabled === true && former.flaw === undefined;
      return flaw !== undefined && worked ? [flaw] : [];
    });
    // guard: reload/new-flaw
    if (flaws.length > 0)
      throw new GatewayError('OMNI_CONFIG_INVALID', flaws.join('\n'), { data: { problems: flaws } });
  }

  #tell(outcome: ReloadOutcome<AppliedConfiguration>, { author, cause }: ReloadCause): void {
    const { logger, files, clock, audit = silentAudit } = this.#options;
    const { before, hash } = outcome;
    if (outcome.kind === 'unchanged') {
      if (cause === 'signal') logger.info({ hash }, 'the configuration is as it was');
      return;
    }
    const isApplied = outcome.kind === 'applied';
    audit.record({
      type: cause.startsWith('rollback') ? 'config.rolled_back' : 'config.applied',
      at: clock.now(),
      actor: author,
      subject: files.path,
      outcome: isApplied ? 'success' : 'failure',
      details: { cause, before, after: hash, ...(!isApplied && { code: outcome.error.code }) },
    });
    if (!isApplied) {
      const { code, logText } = outcome.error;
      logger.error({ code, author, cause }, `the configuration stays as it was: ${logText}`);
      return;
    }
    const { revision, needsRestart } = outcome.applied;
    logger.info({ revision, author, cause, hash }, 'the configuration is in force');
    if (needsRestart.length > 0)
      logger.warn({ settings: needsRestart }, 'settings have changed that come into force with a restart');
  }

  /** Whoever runs Omni with another configuration has the same store. */
  #refuseOthers(number: number, sources: readonly RevisionSource[]): void {
    const own = resolve(this.#options.files.path);
    const other = sources.find(({ place }) => {
      const way = relative(own, place);
      return way.startsWith('..') || isAbsolute(way);
    });
    // guard: reload/other-configuration
    if (other !== undefined) throw notThisOne(number, `it has ${other.place}`);
  }

  /** @returns Undoes it. */
  async #restore(number: number, sources: readonly RevisionSource[]): Promise<() => Promise<void>> {
    const { files } = this.#options;
    const present = await files.read().then(
      (reading) => reading.files,
      () => [],
    );
    const undo = await restoreFiles(present, sources);
    const isSame = await files.read().then(
      (now) => textOf(now.files) === textOf(sources),
      () => false,
    );
    // guard: reload/read-otherwise
    if (!isSame) {
      await undo();
      throw notThisOne(number, 'other files would be read now, as OMNI_ENV may say');
    }
    return undo;
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_EACH_MS, () => {
      this.#reload.changed(BY_FILE);
      this.#lookLater();
    });
  }
}

function appliedOf(outcome: ReloadOutcome<AppliedConfiguration>): AppliedConfiguration | undefined {
  if (outcome.kind === 'refused') throw outcome.error;
  return outcome.kind === 'applied' ? outcome.applied : undefined;
}

function textOf(sources: readonly RevisionSource[]): string {
  return JSON.stringify(sources.map(({ place, role, text }) => [place, role, text]));
}

function notThisOne(number: number, why: string): GatewayError {
  return new GatewayError(
    'OMNI_CONFIG_REVISION_UNKNOWN',
    `Revision ${number} is of another configuration: ${why}`,
  );
}
