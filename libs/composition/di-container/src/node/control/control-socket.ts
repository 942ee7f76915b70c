import { NodeSocketListener } from '@omni/node';
import { GatewayError, jsonText, type Logger, type MessageChannel } from '@omni/ports';
import { LOCAL_PRINCIPAL } from '../../master-server.ts';

/** What the owner may ask a running Omni for: parameters in, a result out. */
export type ControlMethods = Readonly<
  Record<string, (params: Readonly<Record<string, unknown>>) => Promise<unknown>>
>;

export interface ControlSocketOptions {
  readonly path: string;
  readonly methods: ControlMethods;
  readonly logger: Logger;
}

/** Longest question, in bytes. */
const MAX_QUESTION_BYTES = 65_536;
const MAX_CONNECTIONS = 16;

/**
 * Listens for commands of the owner on a Unix socket that only this user may open: one JSON-RPC message a
 * line.
 *
 * @returns Ends it. Where the socket cannot be, the log says why, and Omni goes on without.
 */
export async function openControlSocket({
  path,
  methods,
  logger,
}: ControlSocketOptions): Promise<() => void> {
  const listener = new NodeSocketListener({
    principalOf: () => LOCAL_PRINCIPAL,
    onConnection: (open) => {
      let running = 0;
      const channel: MessageChannel = open({
        onMessage(text) {
          running++;
          void answerTo(text, methods).then((answer) => {
            running--;
            channel.send(answer);
          });
        },
        onFramingError: () => void channel.close(),
        onClose() {},
      });
      return {
        get idleSinceMs() {
          return running === 0 ? 0 : undefined;
        },
      };
    },
    maxMessageBytes: MAX_QUESTION_BYTES,
    maxConnections: MAX_CONNECTIONS,
    logger,
  });
  try {
    await listener.listen({ path });
  } catch (error) {
    const { code, message } = GatewayError.from(error);
    logger.warn({ code, path }, `commands such as "omni config apply" do not reach this Omni: ${message}`);
  }
  return () => listener.close();
}

async function answerTo(text: string, methods: ControlMethods): Promise<string> {
  const { id, method, params } = questionOf(text);
  try {
    const act = method !== undefined && Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (act === undefined)
      throw new GatewayError('OMNI_METHOD_UNKNOWN', 'This Omni does not know this command');
    return jsonText({ jsonrpc: '2.0', id, result: (await act(params)) ?? null });
  } catch (thrown) {
    const error = GatewayError.from(thrown);
    const { code, hint, data } = error;
    return jsonText({
      jsonrpc: '2.0',
      id,
      error: { code: error.facts.jsonRpcCode, message: error.message, data: { ...data, code, hint } },
    });
  }
}

interface Question {
  readonly id: string | number | null;
  readonly method: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

function questionOf(text: string): Question {
  const read = parsed(text);
  const { id, method, params } = isObject(read) ? read : {};
  return {
    // Others may be nested deeper than can be written.
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    method: typeof method === 'string' ? method : undefined,
    params: isObject(params) ? params : {},
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
