import { type ProblemList, quoted } from '../checks/config-problem.ts';
import { EntryProblems } from '../checks/entry-problems.ts';
import { recogniseClient, type Reading } from '../clients/recognise-client.ts';
import { MAX_SOURCES, serverNameOf, type ConfigSource } from '../document/config-source.ts';
import { emptyMap, layerLocated, nested, type LocatedMap } from '../document/located-value.ts';
import { normalizeGiven, normalizeSource } from '../document/normalize-source.ts';
import { readDocument } from '../document/read-document.ts';
import { withPresentNames } from '../document/renamed-settings.ts';
import type { Environment } from '../document/variables.ts';
import type { ConfigLayers } from './config-layers.ts';
import { withHeaderNames } from './header-names.ts';
import { environmentLayer, flagLayer, overrideLayer, overridesInForce, secretLayer } from './given-layers.ts';

export interface MergeOptions {
  readonly problems: ProblemList;
  readonly warnings: ProblemList;
  readonly notes: ProblemList;
  readonly env: Environment;
  readonly strict: boolean;
  readonly layers: ConfigLayers;
}

export interface MergedSources {
  /** All layers together, references in it. */
  readonly root: LocatedMap;
  /** Each by itself, lowest first. */
  readonly layers: readonly LocatedMap[];
  readonly reading: Reading | undefined;
  readonly entryProblems: EntryProblems;
  /** Servers whose files could not be read. */
  readonly unread: ReadonlySet<string>;
}

/** Reads sources and lays everything above them over them. */
export function mergeSources(sources: readonly ConfigSource[], options: MergeOptions): MergedSources {
  const { problems } = options;
  const whole = { file: sources[0]?.path ?? 'configuration', line: 1, column: 1 };
  if (sources.length === 0)
    problems.add(whole, '', 'there is nothing to read; write a file with "mcpServers:"');
  if (sources.length > MAX_SOURCES)
    problems.add(whole, '', `there are ${sources.length} files; at most ${MAX_SOURCES} are read`);
  problems.throwIfAny();

  const files = readFiles(sources, options);
  const lowest = files.layers.length === 0 ? [emptyMap(whole)] : files.layers;
  const stack = new LayerStack(emptyMap(whole), options);
  for (const layer of lowest) stack.add(layer);
  const given = (layer: LocatedMap): LocatedMap => normalizeGiven(layer, { ...options, ...files });
  const { environment, flags = [] } = options.layers;
  if (environment !== undefined) stack.add(given(environmentLayer(environment, stack.root)));
  stack.add(secretLayer(stack.root, problems));
  if (flags.length > 0) stack.add(given(flagLayer(flags, stack.root, problems)));
  for (const override of overridesInForce(options.layers)) stack.add(given(overrideLayer(override)));
  return { ...files, root: stack.root, layers: stack.layers };
}

class LayerStack {
  root: LocatedMap;
  readonly layers: LocatedMap[] = [];
  readonly #options: MergeOptions;

  constructor(root: LocatedMap, options: MergeOptions) {
    this.root = root;
    this.#options = options;
  }

  /** The first one is what there is: `null` in it is told as what it is. */
  add(layer: LocatedMap): void {
    if (layer.entries.size === 0 && this.layers.length > 0) return;
    const named = withPresentNames(layer, this.#options.problems, this.#options.warnings);
    const present = withHeaderNames(named, this.root);
    this.root = this.layers.length === 0 ? present : layerLocated(this.root, present);
    this.layers.push(present);
  }
}

function readFiles(
  sources: readonly ConfigSource[],
  { problems, warnings, notes, env, strict }: MergeOptions,
): Omit<MergedSources, 'root'> {
  const serverFiles = new Map<string, string>();
  const unread = new Set<string>();
  const layers: LocatedMap[] = [];
  let reading: Reading | undefined;
  let entryProblems = new EntryProblems(problems);
  let isUnreadable = false;
  for (const source of sources) {
    problems.register(source.path);
    const at = { file: source.path, line: 1, column: 1 };
    const server = source.role === 'server' ? serverNameOf(source.path) : undefined;
    if (server !== undefined) {
      if (!strict) entryProblems.setApart(server);
      const other = serverFiles.get(server);
      if (other !== undefined) {
        const message = `the server ${quoted(server)} is defined in ${other} too; keep one file`;
        entryProblems.of(server).add(at, `mcpServers.${server}`, message);
        continue;
      }
      serverFiles.set(server, source.path);
    }
    const own = server === undefined ? problems : entryProblems.of(server);
    if (source.flaw !== undefined) own.add(at, '', source.flaw);
    const document = source.flaw === undefined ? readDocument(source, own) : undefined;
    if (document === undefined && server !== undefined && !strict) {
      unread.add(server);
      layers.push(nested(['mcpServers', server], emptyMap(at)));
      continue;
    }
    if (document === undefined) {
      isUnreadable = true;
      continue;
    }
    // Several files make up a configuration of Omni's.
    reading = sources.length === 1 ? recogniseClient(source, document.root) : undefined;
    if (reading !== undefined && !strict) entryProblems = new EntryProblems(problems, 'all');
    for (const { at: place, key, message } of document.repeated)
      if (reading === undefined) own.add(place, key, message);
      else warnings.add(place, key, `${message}, and the last one counts`);
    const isOver = layers.length > 0;
    const report = { problems, entryProblems, warnings, notes, reading, env, isOver };
    layers.push(normalizeSource(source, document.root, report));
  }
  if (isUnreadable) problems.throwIfAny();
  return { layers, reading, entryProblems, unread };
}
