import { Agent, request } from 'node:http';
import { atEnd } from '../harness/end-everything.ts';
import { legacyCall, openRawSession } from '../harness/raw-mcp.ts';
import { OMNI_ARGUMENTS, StartedProcess, type OmniFolder } from '../harness/start-omni.ts';
import { clientOn, readLines, type Messages } from './message-client.ts';
import { modernCall, type Era, type RawClient } from './tool-call.ts';

export type { Era, RawClient };

/** The same over HTTP, where a call can be cut off and a session can end. */
export interface RawHttpClient extends RawClient {
  call(id: number, tool: string, args: string, signal?: AbortSignal): Promise<string>;
  end(): Promise<void>;
}

/** A client on HTTP that keeps its connections. @param headers - Go along with every request. */
export async function openHttpClient(
  url: string,
  era: Era,
  connections: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawHttpClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  atEnd(() => agent.destroy());
  const session = era === 'legacy' ? await openRawSession(url, { headers }) : undefined;
  const common = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
    ...session?.headers,
  };
  return {
    call: (id, tool, args, signal) => {
      if (session !== undefined)
        return send({ url, agent, headers: common, body: legacyCall(String(id), tool, args), signal });
      const made = modernCall(id, tool, args);
      return send({ url, agent, headers: { ...common, ...made.headers }, body: made.body, signal });
    },
    end: async () => {
      await session?.end();
      agent.destroy();
    },
  };
}

/** A client that has started Omni on its pipes. */
export async function openStdioClient(folder: OmniFolder, era: Era): Promise<RawClient> {
  const omni = new StartedProcess(
    process.execPath,
    [...OMNI_ARGUMENTS, 'stdio', '--config', folder.configFile],
    folder.environment,
  );
  atEnd(async () => void (await omni.stop()));
  const { stdin, stdout } = omni.child;
  if (stdin === null || stdout === null) throw new Error('a process started with pipes has none');
  const messages: Messages = { send: (text) => void stdin.write(`${text}\n`), onMessage() {} };
  readLines(stdout, (line) => messages.onMessage(line));
  return await clientOn(messages, era);
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
    const options = {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': bytes.length },
      ...(signal && { signal }),
    };
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
