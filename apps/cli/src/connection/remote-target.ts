import { GatewayError } from '@omni/ports';
import { atHost } from './at-host.ts';
import { serversOfHealth } from './health-answer.ts';
import { type Credential, fetchFrom, HttpConnection, unauthorized, wholeText } from './http-connection.ts';
import { provenHost } from './owner-check.ts';
import type { Target } from './target.ts';
import { readTokenFile, TOKEN_PATTERN, tokenPath } from './token-file.ts';

export interface RemoteTargetOptions {
  /** Origin of the gateway, or its `/mcp`. */
  readonly url: string;
  readonly token: string | undefined;
}

/**
 * A gateway that runs already.
 *
 * The token is that of the options, else `OMNI_TOKEN`, else that of this user's gateway: the last for
 * addresses of this machine only, so that it never leaves it, and only for a program there that proves to
 * have it already.
 *
 * @throws {@link GatewayError} `OMNI_USAGE` when URL or token cannot be used.
 */
export async function openRemoteTarget(
  options: RemoteTargetOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Target> {
  const base = baseOf(options.url);
  const given = givenToken(options.token) ?? givenToken(environment['OMNI_TOKEN']);
  const own = given === undefined ? await ownToken(base, environment) : undefined;
  let proven: Promise<string | undefined> | undefined;
  const credential = async (signal: AbortSignal): Promise<Credential> => {
    if (own === undefined) return { token: given, host: undefined, isWithheld: false };
    const host = await (proven ??= provenHost(base, own, signal));
    const isProved = /* guard: cli/owner-proof */ host !== undefined;
    return { token: isProved ? own : undefined, host, isWithheld: !isProved };
  };
  return {
    async servers(signal) {
      const { token, host, isWithheld } = await credential(signal);
      const url = `${atHost(base, host).href}health/ready`;
      const response = await fetchFrom(url, token, {
        signal,
        headers: { Accept: 'application/health+json' },
      });
      if (response.status === 401) throw unauthorized(isWithheld);
      return serversOfHealth(await wholeText(response, url, signal), isWithheld);
    },
    connect: (server) =>
      new HttpConnection({
        url: `${base.href}mcp${server === undefined ? '' : `/${encodeURIComponent(server)}`}`,
        credential,
      }),
    close: () => Promise.resolve(),
  };
}

/** What `/mcp` and `/health` are appended to; ends in a slash. */
function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new GatewayError('OMNI_USAGE', '--url is not the address of a gateway', {
      hint: 'Write for example --url http://127.0.0.1:7431.',
    });
  }
  url.pathname = `${url.pathname.replace(/\/$/, '').replace(/\/mcp$/, '')}/`;
  return url;
}

function givenToken(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (TOKEN_PATTERN.test(text)) return text;
  throw new GatewayError(
    'OMNI_USAGE',
    'The token of --token or OMNI_TOKEN holds characters that a token cannot have',
    {
      hint: 'Pass what the token file of Omni holds, without "Bearer" and without spaces.',
    },
  );
}

function ownToken(
  base: URL,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const isThisMachine =
    base.hostname === 'localhost' || base.hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(base.hostname);
  return isThisMachine ? readTokenFile(tokenPath(environment)) : Promise.resolve(undefined);
}
