import { Agent, request } from 'node:http';
import { atEnd } from '../harness/end-everything.ts';
import { legacyCall, modernRequest, openRawSession } from '../harness/raw-mcp.ts';
import { OMNI_ARGUMENTS, StartedProcess, type OmniFolder } from '../harness/start-omni.ts';

export type Era = 'legacy' | 'modern';

/** Calls tools by text, many at a time, and gives the text of each answer. */
export interface RawClient {
  /** @param id - An integer that no other running call of this client has. @param args - JSON. */
  call(id: number, tool: string, args: string): Promise<string>;
}

/** The same over HTTP, where a call can be cut off and a session can end. */
export interface RawHttpClient extends RawClient {
  call(id: number, tool: string, args: string, signal?: AbortSignal): Promise<string>;
  end(): Promise<void>;
}

/** A client on HTTP that keeps its connections. */
export async function openHttpClient(url: string, era: Era, connections: number): Promise<RawHttpClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  atEnd(() => agent.destroy());
  const session = era === 'legacy' ? await openRawSession(url) : undefined;
  const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session?.headers };
  return {
    call: (id, tool, args, signal) => {
      if (session !== undefined) return send({ url, agent, headers: common, body: legacyCall(String(id), tool, args), signal });
      const made = callOf(id, tool, args);
      return send({ url, agent, headers: { ...common, ...made.headers }, body: made.body, signal });
    },
    end: async () => {
      await session?.end();
      agent.destroy();
    },
  };
}

/** A client that has started Omni on its pipes. Answers without an id go to the oldest call that runs. */
export async function openStdioClient(folder: OmniFolder, era: Era): Promise<RawClient> {
  const omni = new StartedProcess(process.execPath, [...OMNI_ARGUMENTS, 'stdio', '--config', folder.configFile], folder.environment);
  atEnd(async () => void (await omni.stop()));
  const { stdin, stdout } = omni.child;
  if (stdin === null || stdout === null) throw new Error('a process started with pipes has none');
  const waiting = new Map<number, (line: string) => void>();
  const onLine = (line: string): void => {
    // Notifications are nobody's answer.
    if (line.startsWith('{"jsonrpc":"2.0","method"')) return;
    const id = Number(/"id":(\d+)/.exec(line)?.[1] ?? waiting.keys().next().value);
    waiting.get(id)?.(line);
    waiting.delete(id);
  };
  let rest = '';
  // The stream decodes already; Node's readline would also split at U+2028, which may stand in a string.
  stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  const ask = (id: number, body: string): Promise<string> =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
      stdin.write(`${body}\n`);
    });
  if (era === 'legacy') {
    const hello = '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}';
    await ask(0, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{${hello}}}`);
    stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  }
  return {
    call: (id, tool, args) => ask(id, era === 'legacy' ? legacyCall(String(id), tool, args) : callOf(id, tool, args).body),
  };
}

function callOf(id: number, tool: string, args: string): ReturnType<typeof modernRequest> {
  return modernRequest({ id: String(id), method: 'tools/call', name: tool, params: `"name":"${tool}","arguments":${args}` });
}

interface Outgoing {
  readonly url: string;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal | undefined;
}

function send({ url, agent, headers, body, signal }: Outgoing): Promise<string> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body, 'utf8');
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': bytes.length }, ...(signal && { signal }) };
    const outgoing = request(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}
