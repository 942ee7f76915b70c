import {
  backupStore,
  checkStore,
  loadConfiguration,
  restoreStore,
  sqlitePath,
  stateDirectory,
} from '@omni/container/node';
import { GatewayError, jsonText, systemClock } from '@omni/ports';
import type { CommandContext } from '../connection/target.ts';

export interface StoreOptions {
  /** Whose `storage.url` is meant. Default: the database in the state folder. */
  readonly config?: string;
  readonly output: 'text' | 'json';
}

interface Place {
  readonly path: string;
  readonly stateFolder: string;
}

/** `omni store check`: says what is damaged. @returns The exit code: 1 where something is. */
export async function runStoreCheck(options: StoreOptions, context: CommandContext): Promise<number> {
  const report = await checkStore((await placeOf(options, context)).path);
  const { path, problems, schemaVersion } = report;
  print(context, options, report, [
    ...problems,
    problems.length === 0
      ? `${path} is whole (schema version ${schemaVersion})`
      : `${path} is damaged; omni store restore FILE puts a backup in its place`,
  ]);
  return problems.length === 0 ? 0 : 1;
}

/** `omni store backup`: copies the store, also while a gateway runs. @returns The exit code. */
export async function runStoreBackup(
  target: string,
  options: StoreOptions,
  context: CommandContext,
): Promise<number> {
  const { path } = await placeOf(options, context);
  const bytes = await backupStore(path, target);
  print(context, options, { path, backup: target, bytes }, [
    `${path} was copied to ${target} (${bytes} bytes)`,
  ]);
  return 0;
}

/** `omni store restore`: puts a backup in the place of the store. @returns The exit code. */
export async function runStoreRestore(
  source: string,
  options: StoreOptions,
  context: CommandContext,
): Promise<number> {
  const place = await placeOf(options, context);
  const former = await restoreStore({ ...place, clock: systemClock }, source);
  print(context, options, { path: place.path, backup: source, former: former ?? null }, [
    `${place.path} is ${source} now`,
    ...(former === undefined ? [] : [`What was there is ${former}`]),
  ]);
  return 0;
}

/** @throws {@link GatewayError} `OMNI_USAGE` when the store is no file. */
async function placeOf({ config }: StoreOptions, { terminal }: CommandContext): Promise<Place> {
  const { environment } = terminal;
  const stateFolder = stateDirectory(environment);
  const url = config === undefined ? 'sqlite:' : (await loadConfiguration(config, environment)).storage.url;
  const path = sqlitePath({ url, stateFolder });
  if (path !== undefined) return { path, stateFolder };
  throw new GatewayError('OMNI_USAGE', 'The store of this configuration is no file of SQLite', {
    hint: 'A database of PostgreSQL has tools of its own: pg_dump, pg_restore and pg_amcheck.',
  });
}

function print(
  { terminal }: CommandContext,
  { output }: StoreOptions,
  facts: unknown,
  lines: readonly string[],
): void {
  terminal.writeOut(output === 'json' ? `${jsonText(facts)}\n` : `${lines.join('\n')}\n`);
}
