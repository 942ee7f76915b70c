import { userInfo } from 'node:os';
import { approveConfiguration, askOmni } from '@omni/container/node';
import { GatewayError } from '@omni/ports';
import type { CommandContext } from '../../connection/target.ts';
import { textTable } from '../../output/text-table.ts';
import { type ConfigOptions, print } from './config-options.ts';

type RunningOptions = Pick<ConfigOptions, 'output'>;

/** As the Omni that runs sends it. */
interface Applied {
  readonly revision?: number;
  readonly changes: Readonly<Record<'added' | 'removed' | 'replaced' | 'changed', readonly string[]>>;
  readonly needsRestart: readonly string[];
}

interface History {
  readonly path: string;
  readonly hash: string;
  readonly refused?: { readonly code: string; readonly message: string };
  readonly revisions: readonly {
    readonly number: number;
    readonly at: number;
    readonly author: string;
    readonly cause: string;
    readonly hash: string;
    readonly summary: string;
  }[];
}

const HASH_LENGTH = 12;
const MINUTE_MS = 60_000;
const KINDS = ['added', 'removed', 'replaced', 'changed'] as const;

/** `omni config apply`: what lies in the files comes into force. @returns The exit code. */
export async function runConfigApply(options: RunningOptions, context: CommandContext): Promise<number> {
  // Holds, as below: an Omni of this user answers.
  const applied = (await ask('config/apply', {}, context)) as Applied | null;
  print(context, options, applied, appliedLines(applied));
  return 0;
}

/** `omni config approve`: what is found in the working directory may be served. @returns The exit code. */
export async function runConfigApprove(
  { config, ...options }: RunningOptions & { readonly config?: string },
  context: CommandContext,
): Promise<number> {
  const { environment } = context.terminal;
  const by = userName() ?? 'owner';
  const approved = await approveConfiguration({ config, environment, folder: process.cwd(), by });
  print(context, options, approved, [
    `${approved.path} is approved as it is (${approved.hash.slice(0, HASH_LENGTH)}); a change must be approved again`,
  ]);
  return 0;
}

/** `omni config rollback`: files are written as they were, and come into force. @returns The exit code. */
export async function runConfigRollback(
  revision: string,
  options: RunningOptions,
  context: CommandContext,
): Promise<number> {
  if (!/^[1-9]\d{0,14}$/.test(revision))
    throw new GatewayError('OMNI_USAGE', 'A revision is a number from 1', {
      hint: 'omni config history prints the numbers.',
    });
  // Holds: an Omni of this user answers.
  const applied = (await ask('config/rollback', { revision: Number(revision) }, context)) as Applied | null;
  print(context, options, applied, appliedLines(applied));
  return 0;
}

/** `omni config history`: what was in force, newest first. @returns The exit code. */
export async function runConfigHistory(
  { limit, ...options }: RunningOptions & { readonly limit: string },
  context: CommandContext,
): Promise<number> {
  if (!/^[1-9]\d{0,3}$/.test(limit)) throw new GatewayError('OMNI_USAGE', '--limit is a number from 1');
  // Holds: an Omni of this user answers.
  const history = (await ask('config/history', { limit: Number(limit) }, context)) as History;
  const revisions = history.revisions.map(({ summary, ...revision }) => ({
    ...revision,
    // Holds: Omni has written it.
    changes: JSON.parse(summary) as Applied['changes'],
  }));
  const rows = revisions.map(({ number, at, author, cause, hash, changes }) => [
    String(number),
    new Date(at).toISOString(),
    author,
    cause,
    hash.slice(0, HASH_LENGTH),
    changesText(changes),
  ]);
  const { refused, hash } = history;
  print(context, options, { ...history, revisions }, [
    textTable([['REVISION', 'AT', 'AUTHOR', 'CAUSE', 'HASH', 'SERVERS'], ...rows]).trimEnd(),
    `in force: ${hash.slice(0, HASH_LENGTH)}`,
    ...(refused === undefined ? [] : [`what lies in the files is not: ${refused.code}  ${refused.message}`]),
  ]);
  return 0;
}

function ask(
  method: string,
  params: Readonly<Record<string, unknown>>,
  { terminal }: CommandContext,
): Promise<unknown> {
  const { environment } = terminal;
  const signal = AbortSignal.timeout(MINUTE_MS);
  return askOmni(method, { ...params, author: userName() }, { environment, signal });
}

/** Who is told to have done it; the system may know no name. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function appliedLines(applied: Applied | null): readonly string[] {
  if (applied === null) return ['What lies in the files is in force already'];
  const { revision, changes, needsRestart } = applied;
  return [
    `${revision === undefined ? 'The configuration' : `Revision ${revision}`} is in force: ${changesText(changes)}`,
    ...(needsRestart.length === 0 ? [] : [`in force after a restart: ${needsRestart.join(', ')}`]),
  ];
}

function changesText(changes: Applied['changes']): string {
  const parts = KINDS.flatMap((kind) =>
    changes[kind].length === 0 ? [] : [`${kind} ${changes[kind].join(', ')}`],
  );
  return parts.length === 0 ? 'the servers are as they were' : parts.join('; ');
}
