import { secretsIn } from '@omni/ports';
import { ProblemList } from './checks/config-problem.ts';
import { exposedServerName } from './clients/exposed-server-name.ts';
import { recogniseClient } from './clients/recognise-client.ts';
import type { ConfigSource } from './document/config-source.ts';
import type { LocatedMap, LocatedScalar } from './document/located-value.ts';
import { normalizeSource } from './document/normalize-source.ts';
import { readDocument } from './document/read-document.ts';
import { hasReference, type Environment } from './document/variables.ts';
import { EntryProblems } from './checks/entry-problems.ts';

/** A secret that stands in a configuration itself. */
export interface LiteralSecret {
  /** Where: `mcpServers.github.env.GITHUB_TOKEN`. */
  readonly key: string;
  /** What it can be called in a store: `github/GITHUB_TOKEN`. */
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** Of what stands between `start` and `end` of the text. */
  readonly place: { readonly start: number; readonly end: number; readonly instead: string } | undefined;
}

/**
 * Secrets in headers and variables of servers that one source holds in clear, where they can be told from
 * other text.
 *
 * @returns `undefined` for a client's file: that client would not understand a reference.
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when it cannot be read.
 */
export function literalSecrets(source: ConfigSource, env: Environment): readonly LiteralSecret[] | undefined {
  const problems = new ProblemList();
  const document = readDocument(source, problems);
  problems.throwIfAny();
  if (document === undefined || recogniseClient(source, document.root) !== undefined) return undefined;
  const [warnings, notes] = [new ProblemList(), new ProblemList()];
  const entryProblems = new EntryProblems(problems);
  const reading = undefined;
  const root = normalizeSource(source, document.root, {
    problems,
    entryProblems,
    warnings,
    notes,
    reading,
    env,
    isOver: false,
  });
  const servers = root.entries.get('mcpServers')?.value;
  if (servers?.kind !== 'map') return [];
  return [...servers.entries].flatMap(([server, { value }]) =>
    value.kind === 'map' ? ofEntry(server, value, source.text) : [],
  );
}

function ofEntry(server: string, entry: LocatedMap, text: string): readonly LiteralSecret[] {
  return ['env', 'headers'].flatMap((block) => {
    const found = entry.entries.get(block)?.value;
    if (found?.kind !== 'map') return [];
    return [...found.entries].flatMap(([name, { value }]): readonly LiteralSecret[] => {
      if (value.kind !== 'scalar' || typeof value.value !== 'string' || hasReference(value.value)) return [];
      const [secret, ...more] = new Set(secretsIn(name, value.value));
      if (secret === undefined) return [];
      // Several in one text are for people, as one that is written in another way.
      const isPlain = more.length === 0 && value.value.includes(secret);
      const called = `${exposedServerName(server)}/${name.replaceAll(/[^A-Za-z0-9._-]/g, '-')}`;
      const reference = value.value.replace(secret, () => `\${SECRET:${called}}`);
      return [
        {
          key: `mcpServers.${server}.${block}.${name}`,
          name: called,
          value: secret,
          line: value.at.line,
          place: isPlain
            ? placeOf(value, value.value, { text, instead: JSON.stringify(reference) })
            : undefined,
        },
      ];
    });
  });
}

/** Where the value stands, if it is written in one of the ways that are easily told. */
function placeOf(
  { at }: LocatedScalar,
  value: string,
  { text, instead }: { readonly text: string; readonly instead: string },
): LiteralSecret['place'] {
  const lines = text.split('\n');
  const start = lines.slice(0, at.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + at.column - 1;
  const written = [JSON.stringify(value), `'${value.replaceAll("'", "''")}'`, value].find((token) =>
    text.startsWith(token, start),
  );
  return written === undefined ? undefined : { start, end: start + written.length, instead };
}
