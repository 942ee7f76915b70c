import type { Environment } from '@omni/config';
import { controlSocketPath, NodeChannelDialer, stateDirectory } from '@omni/node';
import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from '@omni/ports';

export interface AskOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** Longest answer, in bytes. */
const MAX_ANSWER_BYTES = 67_108_864;

/**
 * Asks the Omni of this user that runs, over its control socket.
 *
 * @returns The result as it was sent.
 * @throws {@link GatewayError} `OMNI_GATEWAY_UNREACHABLE`, what the Omni answers, or why the signal was
 * aborted.
 */
export async function askOmni(
  method: string,
  params: Readonly<Record<string, unknown>>,
  { environment, signal }: AskOptions,
): Promise<unknown> {
  const path = controlSocketPath(stateDirectory(environment));
  const dialer = new NodeChannelDialer();
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const onAbort = (): void => reject(GatewayError.from(signal.reason));
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      const channel = dialer.dial(
        {
          upstream: 'omni',
          target: { kind: 'socket', address: { path } },
          maxMessageBytes: MAX_ANSWER_BYTES,
        },
        {
          onMessage: resolve,
          onFramingError: () => reject(unreachable(path)),
          onClose: (reason) => reject(unreachable(path, reason)),
        },
      );
      channel.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
    });
    return resultOf(answer);
  } finally {
    await dialer.close();
  }
}

function resultOf(text: string): unknown {
  // Holds: an Omni of this user has written it.
  const { result, error } = JSON.parse(text) as {
    readonly result?: unknown;
    readonly error?: { readonly message: string; readonly data?: Readonly<Record<string, unknown>> };
  };
  if (error === undefined) return result;
  const { code, hint, ...data } = error.data ?? {};
  throw new GatewayError(isCode(code) ? code : 'OMNI_INTERNAL', error.message, {
    ...(typeof hint === 'string' && { hint }),
    data,
  });
}

function isCode(code: unknown): code is GatewayErrorCode {
  return typeof code === 'string' && Object.hasOwn(GATEWAY_ERRORS, code);
}

function unreachable(path: string, cause?: GatewayError): GatewayError {
  return new GatewayError('OMNI_GATEWAY_UNREACHABLE', `No Omni of this user answers at ${path}`, {
    cause,
    hint: 'omni serve starts one; OMNI_HOME says which state folder is meant.',
  });
}
