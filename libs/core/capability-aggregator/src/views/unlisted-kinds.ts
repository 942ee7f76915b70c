/**
 * What can be called though no list shows it: these kinds and nothing else, under the same predicate as what
 * is listed (`IsVisible`).
 */
export const UNLISTED_KINDS = {
  alias:
    'A tool or prompt with its server before it: `server:name`, `server.name`, `server/name`, `server__name`.',
  'bare-name': 'The own name of a tool or prompt, where only one server shows an item of that name.',
  'other-era':
    'A tool that only clients of the other era are listed, because its schema has no form in this one.',
  template: 'A URI that fits a listed template.',
  mention: 'A URI that a listed tool is shown with (MCP Apps), or that a result of a tool mentioned.',
  'single-server':
    'Any URI, where there is only one server to ask: on its own endpoint, or as the only one switched on.',
  scheme: 'A URI whose scheme only one server uses in what it lists.',
  'vendor-method': 'A method that MCP does not define, on the endpoint of a single server.',
} as const;

/** One of {@link UNLISTED_KINDS}. */
export type UnlistedKind = keyof typeof UNLISTED_KINDS;
