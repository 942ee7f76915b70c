import { jsonText } from '@omni/ports';

/** How clients get in. */
export type Access =
  | { readonly kind: 'open' }
  /** The token stands in the configuration, and is not repeated. */
  | { readonly kind: 'configured' }
  | { readonly kind: 'file'; readonly token: string; readonly path: string };

export interface BannerFacts {
  /** Endpoint: `http://127.0.0.1:7431/mcp`. */
  readonly url: string;
  /** Where else it is served: `unix:/…/omni.sock`. */
  readonly sockets: readonly string[];
  readonly access: Access;
  /** Names of the servers behind Omni. */
  readonly upstreams: readonly string[];
}

/** What `start` prints: everything to paste, the token included. */
export function startBanner({ url, access, upstreams }: BannerFacts): string {
  const token = shownToken(access);
  const lines = [
    `Omni is up. Behind it: ${upstreams.join(', ') || 'no server yet'}.`,
    '',
    `  URL    ${url}`,
    ...tokenLines(access),
    '',
    'Claude Code:',
    '',
    `  ${claudeCommand(url, token)}`,
    '',
    'Other clients, in their mcpServers file:',
    '',
    ...indented(clientBlock(url, token)),
    '',
    'Ctrl-C stops it.',
  ];
  return `${lines.join('\n')}\n`;
}

/** What `serve` says on stderr: the token's file, never the token. */
export function serveBanner({ url, sockets, access }: BannerFacts): string {
  const lines = [`omni: listening on ${url}`, ...sockets.map((socket) => `omni: and on ${socket}`)];
  switch (access.kind) {
    case 'open':
      lines.push(
        'omni: open to every program on this machine (auth.mode is "open")',
        `omni: try  ${claudeCommand(url, undefined)}`,
      );
      break;
    case 'configured':
      lines.push('omni: clients send  Authorization: Bearer <auth.token of the configuration>');
      break;
    case 'file':
      lines.push(
        `omni: token in ${access.path}`,
        `omni: try  ${claudeCommand(url, `$(cat ${shellWord(access.path)})`)}`,
      );
      break;
  }
  return `${lines.join('\n')}\n`;
}

/**
 * The same for programs: one line of JSON; `sockets` is a list of addresses, `tokenPath` is null when Omni
 * keeps no token file.
 */
export function bannerJson({ url, sockets, access }: BannerFacts): string {
  return `${jsonText({ url, sockets, tokenPath: access.kind === 'file' ? access.path : null })}\n`;
}

/** Said on stdout when the log, which goes to stderr, cannot be written. */
export function logLossText(reason: string): string {
  return `omni: log lines are lost: stderr cannot be written (${reason}); the health page shows when it can again\n`;
}

function shownToken(access: Access): string | undefined {
  switch (access.kind) {
    case 'open':
      return undefined;
    case 'configured':
      return '<auth.token of your configuration>';
    case 'file':
      return access.token;
  }
}

function tokenLines(access: Access): readonly string[] {
  switch (access.kind) {
    case 'open':
      return ['  Token  none needed (auth.mode is "open")'];
    case 'configured':
      return ['  Token  auth.token of your configuration'];
    case 'file':
      return [`  Token  ${access.token}`, `         kept in ${access.path}`];
  }
}

function claudeCommand(url: string, token: string | undefined): string {
  const header = token === undefined ? '' : ` --header "Authorization: Bearer ${token}"`;
  return `claude mcp add --transport http omni ${url}${header}`;
}

function clientBlock(url: string, token: string | undefined): string {
  const headers = token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } };
  return JSON.stringify({ mcpServers: { omni: { type: 'http', url, ...headers } } }, null, 2);
}

function indented(text: string): readonly string[] {
  return text.split('\n').map((line) => `  ${line}`);
}

function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
