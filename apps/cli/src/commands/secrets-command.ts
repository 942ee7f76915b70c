import {
  type ConfiguredSecrets,
  type MigratedSecret,
  migrateSecrets,
  openConfiguredSecrets,
} from '@omni/container/node';
import { GatewayError, isSecretReference, jsonText, parseSecretReference, SecretBuffer } from '@omni/ports';
import type { CommandContext } from '../connection/target.ts';
import { textTable } from '../output/text-table.ts';

export interface SecretsOptions {
  /** Whose `secrets` is meant. Default: the sealed file in the state folder. */
  readonly config?: string;
  readonly output: 'text' | 'json';
}

/** For the audit. */
const OWNER = { id: 'owner' };

/** `omni secrets ls`: names, never values. @returns The exit code. */
export async function runSecretsLs(options: SecretsOptions, context: CommandContext): Promise<number> {
  return withSecrets(options, context, async ({ secrets, settings }) => {
    const rows: { readonly name: string; readonly place: string }[] = [];
    for (const provider of chainOf(secrets.providers, settings.chain))
      for (const name of await provider.list()) rows.push({ name, place: provider.getName() });
    const lines =
      rows.length === 0
        ? ['There are no secrets; omni secrets set NAME keeps one']
        : [textTable([['NAME', 'PLACE'], ...rows.map(({ name, place }) => [name, place])]).trimEnd()];
    print(context, options, { secrets: rows }, lines);
  });
}

/** `omni secrets set`: the value is read, never an argument. @returns The exit code. */
export async function runSecretsSet(
  name: string,
  options: SecretsOptions,
  context: CommandContext,
): Promise<number> {
  checkName(name);
  const value = SecretBuffer.of(await readValue(name, context));
  return withSecrets(options, context, async ({ secrets }) => {
    const place = await secrets.store(name, value, OWNER);
    value.dispose();
    const soon =
      place === 'file'
        ? 'an Omni that runs has it within a second'
        : 'an Omni that runs reads it when the value that it has is old (secrets.ttl), or is refused';
    print(context, options, { name, place }, [`\${SECRET:${name}} is kept in ${place}; ${soon}`]);
  });
}

/** `omni secrets rm`. @returns The exit code: 15 where there is none. */
export async function runSecretsRm(
  name: string,
  options: SecretsOptions,
  context: CommandContext,
): Promise<number> {
  checkName(name);
  return withSecrets(options, context, async ({ secrets }) => {
    const places = await secrets.delete(name, OWNER);
    if (places.length === 0)
      throw new GatewayError('OMNI_SECRET_UNKNOWN', `There is no secret "${name}" that Omni can remove`);
    print(context, options, { name, places }, [`${name} is gone from ${places.join(', ')}`]);
  });
}

/** `omni secrets migrate`. @returns The exit code: 1 where something is left for people. */
export async function runSecretsMigrate(
  options: SecretsOptions & { readonly write?: boolean },
  context: CommandContext,
): Promise<number> {
  const { config, write: isWriting = false } = options;
  if (config === undefined)
    throw new GatewayError('OMNI_USAGE', 'omni secrets migrate needs a configuration', {
      hint: 'Name it with -c.',
    });
  let exitCode = 0;
  await withSecrets(options, context, async (opened) => {
    const { environment } = context.terminal;
    const migrated = await migrateSecrets(config, opened, { environment, isWriting, user: OWNER });
    const lines = migrated.map(
      ({ file, line, key, ...secret }) => `${file}:${line}  ${key}: ${outcomeText(secret)}`,
    );
    if (migrated.length === 0) lines.push('No secret stands in headers or env of a server');
    else if (!isWriting) lines.push('Nothing was changed; --write does it');
    print(context, options, { migrated, isWritten: isWriting }, lines);
    if (migrated.some(({ outcome }) => outcome === 'for people' || outcome === 'taken')) exitCode = 1;
  });
  return exitCode;
}

function outcomeText({ outcome, name }: Pick<MigratedSecret, 'outcome' | 'name'>): string {
  if (outcome === 'for people') return 'write "${SECRET:…}" yourself';
  if (outcome === 'taken') return `another value is kept as "${name}"; store this one yourself`;
  return `${outcome} to \${SECRET:${name}}`;
}

/** `omni secrets rotate`. @returns The exit code. */
export async function runSecretsRotate(options: SecretsOptions, context: CommandContext): Promise<number> {
  return withSecrets(options, context, async ({ sealed }) => {
    const count = await sealed.changeKey();
    print(context, options, { place: sealed.place, count }, [
      `${sealed.place}: ${count} secrets are sealed with a new key`,
    ]);
  });
}

/** `omni secrets backend`. @returns The exit code: 1 where a place of the chain cannot be used. */
export async function runSecretsBackend(options: SecretsOptions, context: CommandContext): Promise<number> {
  let exitCode = 0;
  await withSecrets(options, context, async ({ secrets, settings, sealed, keychain }) => {
    const chain: { readonly place: string; readonly isAvailable: boolean; readonly details: string }[] = [];
    for (const provider of chainOf(secrets.providers, settings.chain)) {
      const place = provider.getName();
      const isAvailable = await provider.isAvailable();
      const details =
        place === 'file' ? sealed.place : place === 'keychain' ? ((await keychain.lack()) ?? '') : '';
      chain.push({ place, isAvailable, details });
      if (!isAvailable) exitCode = 1;
    }
    const { fallback, key } = settings;
    print(context, options, { chain, fallback, key }, [
      textTable([
        ['PLACE', 'WORKS', 'DETAILS'],
        ...chain.map(({ place, isAvailable, details }) => [place, isAvailable ? 'yes' : 'no', details]),
      ]).trimEnd(),
      `in their place where one cannot be asked: ${fallback.length === 0 ? 'nobody' : fallback.join(', ')}`,
    ]);
  });
  return exitCode;
}

async function withSecrets(
  { config }: SecretsOptions,
  { terminal }: CommandContext,
  act: (opened: ConfiguredSecrets) => Promise<void>,
): Promise<number> {
  const opened = await openConfiguredSecrets(config, terminal.environment);
  try {
    await act(opened);
    return 0;
  } finally {
    opened.close();
  }
}

/** @throws {@link GatewayError} `OMNI_USAGE`, without the name: it may be a pasted value. */
function checkName(name: string): void {
  const reference = `SECRET:${name}`;
  if (isSecretReference(reference) && !('flaw' in parseSecretReference(reference))) return;
  throw new GatewayError('OMNI_USAGE', 'A secret is called by names with "/" between them', {
    hint: 'For example: omni secrets set github/token',
  });
}

/** @throws {@link GatewayError} `OMNI_USAGE` */
async function readValue(name: string, { terminal }: CommandContext): Promise<string> {
  const given =
    terminal.readHidden === undefined
      ? await terminal.readInput()
      : await terminal.readHidden(`Value of ${name} (it is not shown): `);
  const value = given.replace(/\r?\n$/, '');
  if (value === '') throw new GatewayError('OMNI_USAGE', 'The value is empty', { hint: 'Nothing was kept.' });
  return value;
}

function chainOf<Provider extends { getName(): string }>(
  providers: readonly Provider[],
  chain: readonly string[],
): readonly Provider[] {
  return chain.flatMap((name) => providers.filter((provider) => provider.getName() === name).slice(0, 1));
}

function print(
  { terminal }: CommandContext,
  { output }: SecretsOptions,
  facts: unknown,
  lines: readonly string[],
): void {
  terminal.writeOut(output === 'json' ? `${jsonText(facts)}\n` : `${lines.join('\n')}\n`);
}
