import { GatewayError, type Exchange, type HeaderList } from '@omni/ports';

const NOT_ACCEPTABLE = /^\s*q=0(?:\.0*)?\s*$/i;
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/**
 * Whether the headers of a POST fit what is served. Values repeat from request to request, so the last good
 * ones are remembered.
 *
 * @see MCP 2026-07-28 and 2025-11-25, basic/transports: JSON bodies, and clients that take both JSON and
 * event streams.
 */
export class HeaderCheck {
  #goodType: string | undefined;
  #goodAccept: string | undefined;

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
    const accept = exchange.header('accept');
    if (accept === undefined || accept === this.#goodAccept) return undefined;
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

/**
 * Whether an `Accept` header allows a media type: the most precise of its ranges says so.
 *
 * @param header - None means any type.
 * @see RFC 9110, section 12.5.1; the weight 0 stands for "not acceptable" (12.4.2), others are not compared.
 */
export function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined) return true;
  const ranges = ['*/*', `${type.slice(0, type.indexOf('/'))}/*`, type];
  let best = -1;
  let isAllowed = false;
  for (const part of header.split(',')) {
    const [range = '', ...parameters] = part.split(';');
    const precision = ranges.indexOf(range.trim().toLowerCase());
    if (precision === -1 || precision < best) continue;
    best = precision;
    isAllowed = !parameters.some((parameter) => NOT_ACCEPTABLE.test(parameter));
  }
  return isAllowed;
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
