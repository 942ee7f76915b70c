import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { loadConfiguration } from '@omni/container/node';
import { GatewayError } from '@omni/ports';

/** What becomes of one configuration file. */
export interface Verdict {
  /** `partly`: some servers are served, others are misconfigured. */
  readonly outcome: 'served' | 'partly' | 'refused';
  /** Names of the servers that can be started. */
  readonly servers: readonly string[];
  /** Everything that is told: refusals, what is misconfigured, what has no effect, what was read as what. */
  readonly lines: readonly string[];
}

/** What is expected of a file. */
export interface Expectation {
  readonly outcome: Verdict['outcome'];
  /** Names of the servers, in order; not looked at when absent. */
  readonly servers?: readonly string[];
  /** Each stands in some line. */
  readonly says?: readonly string[];
  /** None of them stands in any line. */
  readonly neverSays?: readonly string[];
}

/** Reads a file as every command of Omni does. */
export async function verdictOf(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Verdict> {
  try {
    const { upstreams, warnings, notes } = await loadConfiguration(path, environment);
    const flaws = upstreams.flatMap(({ flaw }) => flaw?.split('\n') ?? []);
    const servers = upstreams.filter(({ flaw }) => flaw === undefined).map(({ name }) => name);
    return {
      outcome: flaws.length === 0 ? 'served' : servers.length === 0 ? 'refused' : 'partly',
      servers,
      lines: [
        ...flaws.map((flaw) => `misconfigured: ${flaw}`),
        ...warnings.map((warning) => `warning: ${warning}`),
        ...notes.map((note) => `note: ${note}`),
      ],
    };
  } catch (error) {
    const { code, message, hint } = GatewayError.from(error);
    return { outcome: 'refused', servers: [], lines: [`${code}: ${message}`, `try: ${hint}`] };
  }
}

/** Where a verdict differs from what is expected; nothing when it does not. */
export function differences(verdict: Verdict, expected: Expectation): readonly string[] {
  const { outcome, servers, lines } = verdict;
  const text = lines.join('\n');
  const isOther = expected.servers !== undefined && expected.servers.join() !== servers.join();
  return [
    ...(outcome === expected.outcome ? [] : [`is ${outcome}, not ${expected.outcome}`]),
    ...(isOther ? [`serves ${servers.join(', ') || 'nothing'}, not ${expected.servers.join(', ')}`] : []),
    ...(expected.says ?? []).filter((part) => !text.includes(part)).map((part) => `does not say ${part}`),
    ...(expected.neverSays ?? []).filter((part) => text.includes(part)).map((part) => `says ${part}`),
  ];
}

/** The configuration files below a folder, hidden folders too, sorted: their paths from there. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(?:jsonc?|ya?ml|toml|code-workspace)$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted();
}
