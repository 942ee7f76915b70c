import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from '@omni/ports';
import { closestName } from '../output/closest-name.ts';
import { isJsonObject, textMember } from '../output/json-value.ts';
import type { RpcConnection, RpcOptions } from '../connection/rpc-message.ts';
import type { ServerStatus } from '../output/server-list.ts';
import type { Target } from '../connection/target.ts';

/** A tool, and the connection to call it on. */
export interface FoundTool {
  readonly connection: RpcConnection;
  /** As that connection names it. */
  readonly name: string;
  readonly inputSchema: unknown;
}

/** One way to understand what the user wrote. */
interface Reading {
  readonly server: ServerStatus;
  readonly tool: string;
}

/** Between a server and a name of its own. */
const SEPARATORS = ['/', ':', '.', '__'];
const MAX_NAMED = 10;

/**
 * Finds the tool that somebody wrote as `server/tool`, `server:tool`, `server.tool` or `server__tool`, or as
 * clients see it. Suggests, never guesses.
 *
 * @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN`, `OMNI_NAME_UNKNOWN`, `OMNI_NAME_AMBIGUOUS`,
 * `OMNI_UPSTREAM_*` when the server is not up.
 */
export async function findTool(written: string, target: Target, options: RpcOptions): Promise<FoundTool> {
  const servers = await target.servers(options.signal);
  const readings = readingsOf(written, servers);
  const found: (FoundTool & Reading)[] = [];
  const known: { readonly reading: Reading; readonly names: readonly string[] }[] = [];
  for (const reading of readings) {
    if (reading.server.state !== 'ready') continue;
    const connection = target.connect(reading.server.name);
    const tools = await listTools(connection, options);
    const tool = tools.find(({ name }) => name === reading.tool);
    if (tool !== undefined) found.push({ ...tool, ...reading, connection });
    known.push({ reading, names: tools.map(({ name }) => name) });
  }
  const [match] = found;
  if (match !== undefined && found.length === 1) return match;
  if (match !== undefined) throw ambiguous(written, found);
  const unavailable = readings.find(({ server }) => server.state !== 'ready');
  if (unavailable !== undefined) throw notUp(unavailable.server);

  const connection = target.connect();
  const exposed = await listTools(connection, options);
  const tool = exposed.find(({ name }) => name === written);
  if (tool !== undefined) return { ...tool, connection };
  const [first] = known;
  if (first !== undefined) throw unknownTool(first.reading, first.names);
  throw unknownServer(
    written,
    servers,
    exposed.map(({ name }) => name),
  );
}

function readingsOf(written: string, servers: readonly ServerStatus[]): readonly Reading[] {
  return servers.flatMap((server) =>
    SEPARATORS.map((separator) => server.name + separator)
      .filter((prefix) => written.startsWith(prefix) && written.length > prefix.length)
      .map((prefix) => ({ server, tool: written.slice(prefix.length) })),
  );
}

async function listTools(
  connection: RpcConnection,
  { signal }: RpcOptions,
): Promise<readonly Pick<FoundTool, 'name' | 'inputSchema'>[]> {
  const { tools } = await connection.request('tools/list', {}, { signal });
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown) => {
    const name = textMember(tool, 'name');
    return name === undefined || !isJsonObject(tool) ? [] : [{ name, inputSchema: tool['inputSchema'] }];
  });
}

function ambiguous(written: string, found: readonly Reading[]): GatewayError {
  const names = found.map(({ server, tool }) => `${server.name}/${tool}`);
  return new GatewayError('OMNI_NAME_AMBIGUOUS', `"${written}" fits more than one tool`, {
    hint: `Use one of: ${names.join(', ')}.`,
  });
}

function unknownTool({ server, tool }: Reading, names: readonly string[]): GatewayError {
  const closest = closestName(tool, names);
  const shown = names.slice(0, MAX_NAMED).join(', ');
  const rest = names.length > MAX_NAMED ? `, and ${names.length - MAX_NAMED} more` : '';
  const all = names.length === 0 ? 'It has no tools.' : `It has ${shown}${rest}.`;
  return new GatewayError('OMNI_NAME_UNKNOWN', `The server "${server.name}" has no tool "${tool}"`, {
    hint: closest === undefined ? all : `Did you mean ${server.name}/${closest}?`,
  });
}

function unknownServer(
  written: string,
  servers: readonly ServerStatus[],
  exposed: readonly string[],
): GatewayError {
  const [, server, separator, tool] = /^([^/:]+)([/:])(.+)$/s.exec(written) ?? [];
  if (server !== undefined) {
    const closest = closestName(
      server,
      servers.map(({ name }) => name),
    );
    return new GatewayError(
      'OMNI_SERVER_UNKNOWN',
      `There is no server "${server}"`,
      closest === undefined ? {} : { hint: `Did you mean ${closest}${separator}${tool}?` },
    );
  }
  const closest = exposed.find((name) => name.endsWith(`__${written}`)) ?? closestName(written, exposed);
  return new GatewayError('OMNI_NAME_UNKNOWN', `There is no tool "${written}"`, {
    hint:
      closest === undefined ? 'Write server/tool; omni ls prints the servers.' : `Did you mean ${closest}?`,
  });
}

function notUp({ name, state, lastError }: ServerStatus): GatewayError {
  const codes: Readonly<Record<string, GatewayErrorCode>> = {
    starting: 'OMNI_UPSTREAM_STARTING',
    disabled: 'OMNI_UPSTREAM_DISABLED',
  };
  const code = isErrorCode(lastError?.code) ? lastError.code : (codes[state] ?? 'OMNI_UPSTREAM_DOWN');
  const why = lastError === undefined ? '' : `: ${lastError.message}`;
  const hint =
    lastError?.hint ??
    (state === 'disabled' ? 'See "disabled", "requiredEnv" and "featureFlag" of its entry.' : undefined);
  return new GatewayError(code, `The server "${name}" is ${state}${why}`, hint === undefined ? {} : { hint });
}

function isErrorCode(code: string | undefined): code is GatewayErrorCode {
  return code !== undefined && Object.hasOwn(GATEWAY_ERRORS, code);
}
