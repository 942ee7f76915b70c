import { Document, isMap } from 'yaml';
import { formatProblem, ProblemList } from '../checks/config-problem.ts';
import { EntryProblems } from '../checks/entry-problems.ts';
import { clientReference } from '../clients/client-variables.ts';
import { recogniseClient, type Reading } from '../clients/recognise-client.ts';
import type { ConfigSource } from '../document/config-source.ts';
import {
  plainValue,
  type LocatedEntry,
  type LocatedMap,
  type LocatedValue,
} from '../document/located-value.ts';
import { normalizeSource } from '../document/normalize-source.ts';
import { commentsOf, type SourceComment } from '../document/source-comments.ts';
import { readDocument } from '../document/read-document.ts';
import { pathFrom } from '../document/source-path.ts';
import { durationMs } from '../schema/duration.ts';
import { renamedKeys } from '../document/renamed-settings.ts';
import type { Environment } from '../document/variables.ts';
import { parseConfiguration } from '../parse-configuration.ts';

/** A source in the shape of today. */
export interface MigratedText {
  readonly text: string;
  /** Whose file it was; absent for one of Omni's own. */
  readonly client?: string;
  /** What was changed: `file:line:column  text`. */
  readonly changes: readonly string[];
  /** What the new text does not say, and servers that it says differently. */
  readonly losses: readonly string[];
}

/**
 * Brings old names of one of Omni's own files up to date, every other byte as it was; or writes a client's
 * file as one of Omni's, with its comments above the servers that they are about.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when it cannot be read.
 */
export function migratedText(source: ConfigSource, env: Environment): MigratedText {
  const problems = new ProblemList();
  const document = readDocument(source, problems);
  problems.throwIfAny();
  const root = document?.root ?? {
    kind: 'map',
    at: { file: source.path, line: 1, column: 1 },
    entries: new Map(),
  };
  const reading = recogniseClient(source, root);
  return reading === undefined ? ownText(source, root) : clientText(source, root, { reading, env });
}

function ownText({ path, text }: ConfigSource, root: LocatedMap): MigratedText {
  const changes: string[] = [];
  const losses: string[] = [];
  const splices: { readonly start: number; readonly old: string; readonly present: string }[] = [];
  for (const { at, name, old, present } of renamedKeys(root)) {
    const start = keyAt(text, at, old);
    const place = { ...at, file: path, key: name };
    if (start === undefined)
      losses.push(
        formatProblem({ ...place, message: `${name} stands where it cannot be told for certain; rename it` }),
      );
    else {
      splices.push({ start, old, present });
      changes.push(formatProblem({ ...place, message: `${name} is called ${present}` }));
    }
  }
  const renamed = splices
    .toSorted((a, b) => b.start - a.start)
    .reduce(
      (rest, { start, old, present }) => rest.slice(0, start) + present + rest.slice(start + old.length),
      text,
    );
  return { text: renamed, changes, losses };
}

/** Where a key is written, without a quote before it. */
function keyAt(
  text: string,
  at: { readonly line: number; readonly column: number },
  key: string,
): number | undefined {
  const lines = text.split('\n').slice(0, at.line - 1);
  const start = lines.reduce((sum, line) => sum + line.length + 1, 0) + at.column - 1;
  if (text.startsWith(key, start)) return start;
  return /["']/.test(text[start] ?? '') && text.startsWith(key, start + 1) ? start + 1 : undefined;
}

interface ClientText {
  readonly reading: Reading;
  readonly env: Environment;
}

function clientText(source: ConfigSource, root: LocatedMap, { reading, env }: ClientText): MigratedText {
  const [problems, warnings, notes] = [new ProblemList(), new ProblemList(), new ProblemList()];
  const entryProblems = new EntryProblems(problems, 'all');
  const report = { problems, entryProblems, warnings, notes, reading, env, isOver: false };
  const normal = normalizeSource(source, root, report);
  problems.throwIfAny();
  const block = normal.entries.get('mcpServers')?.value;
  const servers = block?.kind === 'map' ? block.entries : new Map<string, never>();
  const plain = Object.fromEntries([...servers].map(([name, { value }]) => [name, entryOf(value, reading)]));
  const document = new Document({ version: 1, mcpServers: plain });
  const comments = commentsByServer(source, [...servers.values()]);
  document.commentBefore = [` Servers from ${source.path}`, ...(comments.get(undefined) ?? [])].join('\n');
  const written = document.get('mcpServers');
  if (isMap(written))
    for (const pair of written.items) {
      const entry = servers.get(String(pair.key));
      const comment = (comments.get(entry) ?? []).join('\n');
      // A key of a document that was made from plain values is a plain text until it is given a node.
      if (comment !== '')
        pair.key = Object.assign(document.createNode(String(pair.key)), { commentBefore: comment });
    }
  const text = document.toString({ lineWidth: 0 });
  const flaws = [...servers.keys()].flatMap((name) => entryProblems.found(name)).map(formatProblem);
  return {
    text,
    client: reading.format.client,
    changes: notes.list().map(formatProblem),
    losses: [...warnings.list().map(formatProblem), ...flaws, ...differing(source, text, env)],
  };
}

function entryOf(value: LocatedValue, { project, ...reading }: Reading): unknown {
  const entry = plainValue(converted(value, { project, ...reading }));
  if (typeof entry !== 'object' || entry === null) return entry;
  const cwd = 'cwd' in entry && typeof entry.cwd === 'string' ? entry.cwd : undefined;
  const limit = 'callTimeout' in entry && typeof entry.callTimeout === 'string' ? entry.callTimeout : '';
  return {
    ...entry,
    // A client runs its servers in the project, and so do the paths in their arguments.
    ...(project !== undefined &&
      'command' in entry && { cwd: cwd === undefined ? project : pathFrom(`${project}/`, cwd) }),
    // A client's one limit is no shorter here.
    ...((durationMs(limit) ?? 0) > DEFAULT_MAX_CALL_MS && { maxCallTime: limit }),
  };
}

/** That of `defaults.maxCallTime`. */
const DEFAULT_MAX_CALL_MS = 1_800_000;

/** Placeholders of the client as Omni writes them. */
function converted(value: LocatedValue, reading: Reading): LocatedValue {
  if (value.kind === 'list') return { ...value, items: value.items.map((item) => converted(item, reading)) };
  if (value.kind === 'map') {
    const entries = [...value.entries].map(
      ([key, entry]) => [key, { ...entry, value: converted(entry.value, reading) }] as const,
    );
    return { ...value, entries: new Map(entries) };
  }
  if (typeof value.value !== 'string') return value;
  const { format, project } = reading;
  let text = value.value;
  for (const { pattern, read } of format.placeholders ?? [])
    text = text.replaceAll(new RegExp(pattern.source, 'g'), (...match: readonly unknown[]) => {
      const groups = match.filter(
        (part): part is string | undefined => part === undefined || typeof part === 'string',
      );
      const meaning = read(groups);
      if ('refusal' in meaning) return String(match[0]);
      return `\${${meaning.variable}${meaning.fallback === undefined ? '' : `:-${meaning.fallback}`}}`;
    });
  text = text.replaceAll(/(?<!\$)\$\{([^{}]*)\}/g, (whole, reference: string) => {
    if (reference === 'HOME') return whole;
    const known = clientReference(reference, { project }, { HOME: '${HOME}' });
    return known !== undefined && 'text' in known ? known.text : whole;
  });
  if (format.expandsTilde === true) text = text.replace(/^~(?=[\\/]|$)/, () => '${HOME}');
  return { ...value, value: text };
}

/**
 * The comments of a source by the server that they are about: those right above it, and those below until the
 * next one. `undefined` has those before all servers.
 */
function commentsByServer(
  source: ConfigSource,
  servers: readonly LocatedEntry[],
): ReadonlyMap<LocatedEntry | undefined, readonly string[]> {
  const comments = commentsOf(source);
  const inOrder = servers.toSorted((a, b) => a.at.line - b.at.line);
  const starts = inOrder.map((server) => ({ server, line: firstAbove(server.at.line, comments) }));
  const found = new Map<LocatedEntry | undefined, readonly string[]>();
  for (const { line, lines } of comments) {
    const server = starts.findLast((start) => start.line <= line)?.server;
    found.set(server, [...(found.get(server) ?? []), ...lines]);
  }
  return found;
}

/** The line of the first of the comments that stand right above a line, each on lines of its own. */
function firstAbove(line: number, comments: readonly SourceComment[]): number {
  const above = comments.find(({ isAlone, line: first, lines }) => isAlone && first + lines.length === line);
  return above === undefined ? line : firstAbove(above.line, comments);
}

/** Servers that are not the same, read from the new text. */
function differing(source: ConfigSource, text: string, env: Environment): readonly string[] {
  const place = (source.place ?? source.path).replace(/[^\\/]*$/, '');
  const readAs = (one: ConfigSource): ReadonlyMap<string, string> => {
    const { upstreams } = parseConfiguration([one], { env, secrets: { read: () => ({ text: 'secret' }) } });
    return new Map(upstreams.map(({ flaw: _flaw, ...spec }) => [spec.name, JSON.stringify(spec)]));
  };
  const was = readAs(source);
  try {
    const is = readAs({ path: `${place}omni.yaml`, role: 'base', text });
    return [...was]
      .filter(([name, spec]) => is.get(name) !== spec)
      .map(([name]) => `${name} is read differently; look at it`);
  } catch {
    return ['omni.yaml is not valid yet; omni config validate says why'];
  }
}
