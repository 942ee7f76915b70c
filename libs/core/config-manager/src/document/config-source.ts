/** One text that holds configuration, before it is parsed. */
export interface ConfigSource {
  /** Shown in messages; its extension tells YAML from JSON. */
  readonly path: string;
  /** YAML 1.2, JSON, or JSON with comments. At most 1 MiB. */
  readonly text: string;
  /** `base` holds any setting; `server` holds one entry of `mcpServers`, named after the file. */
  readonly role: 'base' | 'server';
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
  return base.replace(/\.(?:ya?ml|jsonc?)$/i, '');
}

/** Whether a source is written as JSON, where `//` starts a comment; in YAML it is ordinary text. */
export function isJsonSource({ path, text }: Pick<ConfigSource, 'path' | 'text'>): boolean {
  if (/\.jsonc?$/i.test(path)) return true;
  return !/\.ya?ml$/i.test(path) && /^\s*(?:\{|\/\/|\/\*)/.test(text);
}
