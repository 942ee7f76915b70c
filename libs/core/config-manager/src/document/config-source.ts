/** One text that holds configuration, before it is parsed. */
export interface ConfigSource {
  /** Shown in messages; its extension tells YAML from JSON and TOML. */
  readonly path: string;
  /** The same as an absolute path: it tells whose file it is, and where its paths start. Default: `path`. */
  readonly place?: string;
  /** YAML 1.2, JSON, JSON with comments, or TOML. At most 1 MiB. */
  readonly text: string;
  /** `base` holds any setting; `server` holds one entry of `mcpServers`, named after the file. */
  readonly role: 'base' | 'server';
  /** Why there is no text. Default: there is one. */
  readonly flaw?: string;
}

/** Longest source, in UTF-16 code units. */
export const MAX_SOURCE_LENGTH = 1_048_576;

/** Most sources that one configuration is made of. */
export const MAX_SOURCES = 1_000;

/**
 * Name of the server that a file of `servers/` describes: its base name without extension.
 *
 * @param path - With `/` or `\` between folders.
 */
export function serverNameOf(path: string): string {
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return base.replace(/\.(?:ya?ml|jsonc?|toml)$/i, '');
}

/** What a source is written in: as its name says, or else as it looks. */
export function notationOf({ path, text }: Pick<ConfigSource, 'path' | 'text'>): 'json' | 'yaml' | 'toml' {
  const extension = /\.(jsonc?|ya?ml|toml|code-workspace)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === 'toml') return 'toml';
  if (extension !== undefined) return extension.startsWith('y') ? 'yaml' : 'json';
  return /^\s*(?:\{|\/\/|\/\*)/.test(text) ? 'json' : 'yaml';
}
