import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { internalCall, type UpstreamAnswer, type UpstreamConnection } from '@omni/model';
import { GatewayError } from '@omni/ports';

/** As generous as the connections are with what they read themselves. */
const LIMITS = { maxDepth: 512, maxElements: 2_000_000 };

/**
 * Sends a request of Omni's own and waits for the response, which may be an error response.
 *
 * Notifications meanwhile are dropped; requests of the upstream are declined, as nobody is there to answer
 * them.
 *
 * @param params - JSON, or empty.
 * @throws {@link GatewayError} what the connection fails with, or `OMNI_UPSTREAM_PROTOCOL` when the answer is
 * no message.
 */
export function internalRequest(
  connection: UpstreamConnection,
  method: string,
  params: string,
): Promise<RpcMessage> {
  return new Promise((resolve, reject) => {
    connection.send(internalCall(method, params), {
      onNotification: () => true,
      onDrain() {},
      onServerRequest(_message, answer) {
        answer(
          new GatewayError('OMNI_METHOD_UNKNOWN', 'Omni is reading lists, so there is no client to ask'),
        );
      },
      onAnswer(answer) {
        const message = messageOf(answer);
        if (message === undefined)
          reject(
            new GatewayError(
              'OMNI_UPSTREAM_PROTOCOL',
              `"${connection.upstream}" answered ${method} with something that is no message`,
            ),
          );
        else resolve(message);
      },
      onFailure: reject,
    });
  });
}

function messageOf(answer: UpstreamAnswer): RpcMessage | undefined {
  if (answer.kind === 'message') return answer.message;
  try {
    const parsed = parseMessage(new TextDecoder('utf-8', { fatal: true }).decode(answer.bytes), LIMITS);
    return parsed.kind === 'response' ? parsed : undefined;
  } catch {
    return undefined; // not UTF-8
  }
}
