import { type Clock, GatewayError, type HttpClient, type HttpRequest } from '@omni/ports';
import { isLoopbackHost } from '../loopback-host.ts';

/** How an identity provider is reached. */
export interface ProviderAccess {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** For messages. */
  readonly name: string;
}

/** Longest answer, in bytes, unpacked. */
const MAX_ANSWER_BYTES = 262_144;
const ANSWER_MS = 5_000;
const NO_SUCH_PAGE = 404;

/**
 * Asks an identity provider for JSON.
 *
 * @returns `undefined` where there is nothing at this address.
 * @throws {@link GatewayError} `OMNI_AUTH_UNAVAILABLE`: no answer within 5 s, none of 256 KiB at most, or
 * none that is JSON.
 */
export function askProvider({ http, clock, name }: ProviderAccess, request: HttpRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let status = 0;
    const end = (settle: () => void): void => {
      cancelTimer();
      settle();
    };
    const fail = (why: string, cause?: unknown): void =>
      end(() => reject(unavailable(name, why, cause === undefined ? {} : { cause })));
    const cancelTimer = clock.after(ANSWER_MS, () => {
      call.abort();
      fail('did not answer in time');
    });
    const call = http.send(request, {
      onHead(received) {
        status = received;
      },
      onData(chunk) {
        bytes += chunk.byteLength;
        if (/* guard: identity/answer-size */ bytes > MAX_ANSWER_BYTES) {
          call.abort();
          fail('answered with too much');
        } else chunks.push(chunk.slice());
      },
      onEnd() {
        if (status === NO_SUCH_PAGE) return end(() => resolve(undefined));
        if (status !== 200) return fail(`answered with status ${status}`);
        try {
          const value: unknown = JSON.parse(textOf(chunks, bytes));
          end(() => resolve(value));
        } catch (cause) {
          fail('answered with something that is no JSON', cause);
        }
      },
      onError: (cause) => fail('cannot be reached', cause),
    });
  });
}

/** Neither the client nor Omni can do anything about it. */
export function unavailable(
  name: string,
  why: string,
  options: { readonly cause?: unknown } = {},
): GatewayError {
  return new GatewayError('OMNI_AUTH_UNAVAILABLE', `The identity provider "${name}" ${why}`, options);
}

/** Whether what is sent to an address, and comes from it, cannot be read or changed on the way. */
export function isSecureAddress(address: string): boolean {
  const url = URL.parse(address);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function textOf(chunks: readonly Uint8Array[], bytes: number): string {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(whole);
}
