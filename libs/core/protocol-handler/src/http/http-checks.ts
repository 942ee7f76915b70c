import { GatewayError, type Exchange, type HeaderList } from '@omni/ports';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/**
 * Whether the headers of a POST fit what is served. Values repeat from request to request, so the last good ones are remembered.
 *
 * @see MCP 2026-07-28 and 2025-11-25, basic/transports: JSON bodies, and clients that take both JSON and event streams.
 */
export class HeaderCheck {
  #goodType = '';
  #goodAccept = '';

  post(exchange: Exchange): GatewayError | undefined {
    return this.body(exchange) ?? this.#accept(exchange);
  }

  /** Of what the answer does not stand in the response, so that it does not matter what is accepted. */
  body(exchange: Exchange): GatewayError | undefined {
    const type = exchange.header('content-type') ?? '';
    if (type !== this.#goodType) {
      // guard: request/content-type
      if (!JSON_TYPE.test(type))
        return new GatewayError('OMNI_CONTENT_TYPE_UNSUPPORTED', 'Content-Type must be application/json');
      this.#goodType = type;
    }
    const encoding = exchange.header('content-encoding');
    // guard: request/encoding
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      return new GatewayError(
        'OMNI_CONTENT_TYPE_UNSUPPORTED',
        'The body must not be compressed or otherwise encoded',
      );
    }
    return undefined;
  }

  #accept(exchange: Exchange): GatewayError | undefined {
    const accept = exchange.header('accept') ?? '';
    if (accept === this.#goodAccept && accept !== '') return undefined;
    // guard: request/accept
    if (!accepts(accept, 'application/json') || !accepts(accept, 'text/event-stream')) {
      return new GatewayError(
        'OMNI_NOT_ACCEPTABLE',
        'Accept must allow both application/json and text/event-stream',
      );
    }
    this.#goodAccept = accept;
    return undefined;
  }
}

/** Whether an `Accept` header allows a media type; quality values are not weighed. */
export function accepts(header: string, type: string): boolean {
  const [major] = type.split('/');
  return header.split(',').some((part) => {
    const range = (part.split(';')[0] ?? '').trim().toLowerCase();
    return range === type || range === `${major}/*` || range === '*/*';
  });
}

/** The `Mcp-Param-*` headers, as received. */
export function paramHeadersOf(headers: HeaderList): HeaderList {
  let found: string[] | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    // guard: request/forwarded-headers
    if (name.length > 10 && (name.startsWith('M') || name.startsWith('m')) && /^mcp-param-/i.test(name))
      (found ??= []).push(name, headers[at + 1] ?? '');
  }
  return found ?? NO_HEADERS;
}

const NO_HEADERS: HeaderList = [];
