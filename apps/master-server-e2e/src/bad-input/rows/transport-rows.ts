import { callText, echoed, modernPost, requestBytes, TOKEN, type Header } from '../request-bytes.ts';
import { openSocket } from '../raw-http.ts';
import {
  anyOf,
  exact,
  refused,
  refusedAndCut,
  served,
  type ByteCase,
  type Expectation,
  type Row,
} from '../row.ts';

const MAX_BODY = 4_194_304;
const VALID = callText();
const TYPE = refused('OMNI_CONTENT_TYPE_UNSUPPORTED');
const ACCEPT = refused('OMNI_NOT_ACCEPTABLE');
const INVALID = refusedAndCut('OMNI_HTTP_INVALID');
const PATH = refused('OMNI_PATH_UNKNOWN');
const METHOD = refused('OMNI_METHOD_NOT_ALLOWED');
const CUT: Expectation = { kind: 'cut' };

function headed(name: string, headers: readonly Header[], expect: Expectation): ByteCase {
  return { name, bytes: modernPost(VALID, headers), expect };
}

function sized(bytes: number): string {
  const empty = callText({ args: echoed('""') });
  return callText({ args: echoed(`"${'x'.repeat(bytes - Buffer.byteLength(empty))}"`) });
}

/** A body in chunks. @param size - Of each, in bytes. */
function chunked(body: string, size: number, end = '0\r\n\r\n'): string {
  let out = '';
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    out += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return out + end;
}

function inChunks(
  name: string,
  body: string,
  expect: Expectation,
  headers: readonly Header[] = [],
): ByteCase {
  return {
    name,
    bytes: () =>
      requestBytes({ body, hasLength: false, headers: [['Transfer-Encoding', 'chunked'], ...headers] }),
    expect,
  };
}

/** A request with another one hidden in its body, which must never be carried out. */
function smuggled(
  name: string,
  rawHeaders: string,
  expect: Expectation = INVALID,
  body = `0\r\n\r\n${modernPost(VALID).toString()}`,
): ByteCase {
  return { name, bytes: requestBytes({ body, hasLength: false, rawHeaders }), expect };
}

function target(name: string, path: string, expect: Expectation = PATH): ByteCase {
  return { name, bytes: requestBytes({ body: VALID, target: path }), expect };
}

function method(name: string, expect: Expectation): ByteCase {
  return { name, bytes: requestBytes({ method: name }), expect, isHead: name === 'HEAD' };
}

/** What is wrong with the HTTP around a message. */
export const TRANSPORT_ROWS: readonly Row[] = [
  {
    id: 'H14',
    title: 'sizes',
    cases: [
      { name: 'limit − 1', bytes: () => modernPost(sized(MAX_BODY - 1)), expect: exact('xxx",">>":0}') },
      { name: 'limit', bytes: () => modernPost(sized(MAX_BODY)), expect: exact('xxx",">>":0}') },
      {
        name: 'limit + 1',
        bytes: () => modernPost(sized(MAX_BODY + 1)),
        expect: refusedAndCut('OMNI_BODY_TOO_LARGE'),
      },
      {
        name: '10 GB declared',
        bytes: requestBytes({ body: '{', hasLength: false, headers: [['Content-Length', '10000000000']] }),
        expect: refusedAndCut('OMNI_BODY_TOO_LARGE'),
      },
      {
        name: 'more than 2^64 declared',
        bytes: requestBytes({
          body: '{',
          hasLength: false,
          headers: [['Content-Length', '99999999999999999999']],
        }),
        expect: INVALID,
      },
      inChunks('chunks of one byte', chunked(VALID, 1), exact('"v":1,">>":0}')),
      inChunks(
        'chunks beyond the limit',
        chunked(sized(MAX_BODY + 1), 65_536),
        refusedAndCut('OMNI_BODY_TOO_LARGE'),
      ),
      inChunks('chunks at the limit', chunked(sized(MAX_BODY), 65_536), exact('xxx",">>":0}')),
      {
        name: 'declared larger than sent, then the end',
        run: async ({ port, load }) => {
          const socket = await openSocket(port);
          socket.end(
            requestBytes({
              body: VALID,
              hasLength: false,
              headers: [['Content-Length', String(VALID.length + 10)]],
            }),
          );
          await new Promise((resolve) => socket.once('close', resolve));
          // The good client may have a request of its own under way.
          const { inFlight } = await load();
          return inFlight <= 1 ? [] : [`${inFlight} requests are left`];
        },
      },
      {
        name: 'sent larger than declared: the rest is another request, and none',
        run: async ({ send }) => {
          const bytes = requestBytes({
            body: `${VALID}garbage\r\n\r\n`,
            hasLength: false,
            headers: [['Content-Length', String(VALID.length)]],
          });
          const { answers, isClosed } = await send(bytes, { answers: 2, untilClosed: true });
          const statuses = answers.map(({ status }) => status).join();
          return isClosed && (statuses === '400' || statuses === '200,400' || statuses === '200')
            ? []
            : [`answers ${statuses}, closed ${isClosed}`];
        },
      },
      {
        name: 'a hundred bodies beyond the limit leave memory as it is',
        run: async ({ send, memory }) => {
          const bytes = requestBytes({
            body: Buffer.alloc(65_536, 0x20),
            hasLength: false,
            headers: [['Content-Length', '10000000000']],
          });
          const before = memory();
          for (let round = 0; round < 10; round++)
            await Promise.all(Array.from({ length: 10 }, () => send(bytes)));
          const grownMiB = (memory() - before) / 1_048_576;
          return grownMiB < 100 ? [] : [`resident memory grew by ${Math.round(grownMiB)} MiB`];
        },
      },
    ],
    note: 'The bytes behind a declared end are read as the next request; whether its refusal or the end of the connection comes first is open.',
  },
  {
    id: 'H15',
    title: 'media types',
    cases: [
      headed('no Content-Type', [['Content-Type', undefined]], TYPE),
      ...[
        'text/plain',
        'text/plain;charset=UTF-8',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/json; charset=utf-16',
        'application/json-rpc',
        'application/jsonx',
        'application/json, text/plain',
        'json',
      ].map((type) => headed(type, [['Content-Type', type]], TYPE)),
      headed(
        'twice',
        [
          ['Content-Type', 'application/json'],
          ['Content-Type', 'application/json'],
        ],
        anyOf(TYPE, served()),
      ),
      headed(
        'twice and different',
        [
          ['Content-Type', 'application/json'],
          ['Content-Type', 'text/plain'],
        ],
        TYPE,
      ),
      headed('in capitals', [['Content-Type', 'APPLICATION/JSON; Charset="UTF-8"']], served()),
      headed('no Accept, which means any', [['Accept', undefined]], served()),
      headed('Accept of JSON only', [['Accept', 'application/json']], ACCEPT),
      headed('Accept of events only', [['Accept', 'text/event-stream']], ACCEPT),
      headed('Accept of HTML', [['Accept', 'text/html']], ACCEPT),
      headed('Accept of everything', [['Accept', '*/*']], served()),
      headed(
        'Accept of 200 types',
        [['Accept', Array.from({ length: 200 }, (_, at) => `a/b${at}`).join(', ')]],
        ACCEPT,
      ),
      headed(
        'a page of another site',
        [
          ['Content-Type', 'text/plain'],
          ['Origin', 'https://evil.example'],
        ],
        refused('OMNI_ORIGIN_FORBIDDEN'),
      ),
      headed('a foreign Host', [['Host', 'evil.example']], refused('OMNI_HOST_FORBIDDEN')),
    ],
    note: 'Two equal Content-Type headers are one list of two values, which is no JSON; either way nothing else is read into it.',
  },
  {
    id: 'H16',
    title: 'encoded bodies',
    cases: [
      ...['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip', 'GZIP', 'x-gzip', 'identity, gzip', 'unknown'].map(
        (encoding) => headed(encoding, [['Content-Encoding', encoding]], TYPE),
      ),
      headed('identity', [['Content-Encoding', 'identity']], served()),
    ],
    note: 'Nothing is ever decompressed, so there is no ratio to bound.',
  },
  {
    id: 'H17',
    title: 'methods and targets',
    cases: [
      method('GET', METHOD),
      method('DELETE', refused('OMNI_SESSION_REQUIRED')),
      ...['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'].map((name) => method(name, METHOD)),
      {
        name: 'HEAD',
        bytes: requestBytes({ method: 'HEAD' }),
        expect: { kind: 'served', status: 405 },
        isHead: true,
      },
      {
        name: 'CONNECT',
        bytes: requestBytes({ method: 'CONNECT', target: '127.0.0.1:80' }),
        expect: INVALID,
      },
      {
        name: 'a method of a megabyte',
        bytes: requestBytes({ method: 'M'.repeat(1_048_576) }),
        expect: INVALID,
      },
      {
        name: 'a method in small letters',
        bytes: requestBytes({ method: 'post', body: VALID }),
        expect: INVALID,
      },
      target('absolute form', 'http://127.0.0.1/mcp', served()),
      target('absolute form of another site', 'http://evil.example/mcp', refused('OMNI_HOST_FORBIDDEN')),
      target(
        'absolute form with a user',
        'http://127.0.0.1@evil.example/mcp',
        refused('OMNI_HOST_FORBIDDEN'),
      ),
      ...[
        '//mcp',
        '/mcp//echo',
        '/mcp/../admin',
        '/mcp/%2e%2e/echo',
        '/mcp/..',
        '/%6dcp',
        '/mcp;x',
        '/mcp/echo;x',
        '/MCP',
        '/mcp%00',
        '/mcp/%65cho',
        '/./mcp',
        '/mcp\\echo',
        '*',
      ].map((path) => target(path, path)),
      target('a slash at the end', '/mcp/', served()),
      target('a slash behind a server, whose names stand alone', '/mcp/echo/', refused('OMNI_NAME_UNKNOWN')),
      target('a server that does not exist', '/mcp/nobody', refused('OMNI_SERVER_UNKNOWN')),
      target('a server in other letters', '/mcp/ECHO', refused('OMNI_SERVER_UNKNOWN')),
      target('a query, which nothing reads', '/mcp?__proto__=1&name=x', served()),
      target('a fragment', '/mcp#x', anyOf(PATH, INVALID)),
      target('a target of 15 KB', `/mcp/${'a'.repeat(15_000)}`, anyOf(PATH, refused('OMNI_SERVER_UNKNOWN'))),
      target(
        'a target of 64 KB',
        `/${'a'.repeat(65_536)}`,
        refusedAndCut('OMNI_HEADERS_TOO_LARGE', 'OMNI_HTTP_INVALID'),
      ),
      {
        name: 'a health page by POST',
        bytes: requestBytes({ target: '/health/live', body: VALID }),
        expect: METHOD,
      },
      {
        name: '405 says what is allowed',
        run: async ({ send }) => {
          const { answers } = await send(requestBytes({ method: 'PUT' }));
          return answers[0]?.headers.has('allow') === true ? [] : ['no Allow header'];
        },
      },
    ],
  },
  {
    id: 'H18',
    title: 'framing that two readers could read differently',
    cases: [
      smuggled('length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
      smuggled('chunks and length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'),
      smuggled(
        'chunked twice',
        'Transfer-Encoding: chunked, chunked\r\n',
        anyOf(INVALID, refused('OMNI_JSON_INVALID')),
      ),
      smuggled(
        'chunked in two headers',
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
        anyOf(INVALID, refused('OMNI_JSON_INVALID')),
      ),
      smuggled('xchunked', 'Transfer-Encoding: xchunked\r\n'),
      smuggled('chunked, identity', 'Transfer-Encoding: chunked, identity\r\n'),
      smuggled('identity', 'Transfer-Encoding: identity\r\n'),
      smuggled('a space before the colon', 'Transfer-Encoding : chunked\r\n'),
      smuggled(
        'a folded header',
        'X-Folded: a\r\n Transfer-Encoding: chunked\r\n',
        anyOf(INVALID, refused('OMNI_JSON_INVALID')),
      ),
      smuggled('a line feed alone', 'X-A: b\nTransfer-Encoding: chunked\r\n'),
      smuggled('a carriage return alone', 'X-A: b\rTransfer-Encoding: chunked\r\n'),
      smuggled('NUL in a value', 'X-A: b\0c\r\nContent-Length: 5\r\n'),
      smuggled('two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n'),
      smuggled('two equal lengths', 'Content-Length: 5\r\nContent-Length: 5\r\n'),
      ...['+5', '-1', '0x5', '5,5', '5 5', '5.0', '', ' ', 'five', '٥'].map((length) =>
        smuggled(`length ${JSON.stringify(length)}`, `Content-Length: ${length}\r\n`),
      ),
      smuggled(
        'a chunk size beyond 2^64',
        'Transfer-Encoding: chunked\r\n',
        INVALID,
        `FFFFFFFFFFFFFFFFF\r\n${VALID}`,
      ),
      smuggled('a negative chunk size', 'Transfer-Encoding: chunked\r\n', INVALID, `-1\r\n${VALID}`),
      smuggled('a chunk size in 0x', 'Transfer-Encoding: chunked\r\n', INVALID, `0x5\r\n${VALID}`),
      smuggled(
        'a chunk that is longer than told',
        'Transfer-Encoding: chunked\r\n',
        INVALID,
        `2\r\n${VALID}`,
      ),
      smuggled(
        'a chunk extension of 32 KB',
        'Transfer-Encoding: chunked\r\n',
        INVALID,
        `5;${'x'.repeat(32_768)}\r\nhello\r\n0\r\n\r\n`,
      ),
      inChunks(
        'a trailer with a token does not log in',
        chunked(VALID, 64, `0\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`),
        refused('OMNI_AUTH_REQUIRED'),
        [['Authorization', undefined]],
      ),
      inChunks(
        'a trailer cannot take the token away',
        chunked(VALID, 64, '0\r\nAuthorization: Bearer x\r\n\r\n'),
        served(),
      ),
      {
        name: 'the preface of HTTP/2',
        bytes: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        expect: INVALID,
      },
      {
        name: 'HTTP/0.9',
        bytes: Buffer.from('GET /mcp\r\n\r\n'),
        expect: anyOf(INVALID, refused('OMNI_HOST_FORBIDDEN')),
      },
      { name: 'HTTP/3.0', bytes: Buffer.from('GET /mcp HTTP/3.0\r\n\r\n'), expect: INVALID },
      {
        name: 'a TLS hello',
        bytes: Buffer.from([
          0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 0x0d, 0x0a, 0x0d, 0x0a,
        ]),
        expect: INVALID,
      },
      {
        name: 'no Host',
        bytes: modernPost(VALID, [['Host', undefined]]),
        expect: refused('OMNI_HOST_FORBIDDEN'),
      },
      {
        name: 'two Hosts',
        bytes: modernPost(VALID, [
          ['Host', '127.0.0.1'],
          ['Host', 'evil.example'],
        ]),
        expect: anyOf(INVALID, refused('OMNI_HOST_FORBIDDEN')),
      },
      {
        name: 'two tokens',
        bytes: modernPost(VALID, [
          ['Authorization', `Bearer ${TOKEN}`],
          ['Authorization', 'Bearer other'],
        ]),
        expect: refused('OMNI_AUTH_REQUIRED'),
      },
    ],
    note: 'Every hidden request is counted at the server behind Omni: none may arrive.',
  },
  {
    id: 'H19',
    title: 'headers',
    cases: [
      headed('17 KB in one header', [['X-Big', 'x'.repeat(17_000)]], refusedAndCut('OMNI_HEADERS_TOO_LARGE')),
      headed(
        'a megabyte in one header',
        [['X-Big', 'x'.repeat(1_048_576)]],
        anyOf(refusedAndCut('OMNI_HEADERS_TOO_LARGE'), CUT),
      ),
      headed(
        '2,001 headers',
        Array.from({ length: 2_001 }, (_, at) => [`x${at}`, ''] as const),
        refused('OMNI_HEADERS_TOO_LARGE'),
      ),
      headed(
        '300 headers',
        Array.from({ length: 300 }, (_, at) => [`x${at}`, '1'] as const),
        refused('OMNI_HEADERS_TOO_LARGE'),
      ),
      headed(
        '200 headers',
        Array.from({ length: 200 }, (_, at) => [`x${at}`, '1'] as const),
        served(),
      ),
      headed(
        '__proto__',
        [
          ['__proto__', 'x'],
          ['constructor', 'y'],
          ['toString', 'z'],
        ],
        served(),
      ),
      headed(
        '100 cookies',
        [['Cookie', Array.from({ length: 100 }, (_, at) => `c${at}=v`).join('; ')]],
        served(),
      ),
      headed('a value beyond ASCII', [['X-Name', 'caf\xe9']], served()),
      headed('a name beyond ASCII', [['X-N\xe4me', 'x']], INVALID),
      headed('a name with a space', [['X Name', 'x']], INVALID),
      headed('a name with brackets', [['X[0]', 'x']], INVALID),
      headed('an empty name', [['', 'x']], INVALID),
      headed(
        'a token beyond ASCII',
        [['Authorization', `Bearer ${TOKEN}\xe9`]],
        refused('OMNI_AUTH_REQUIRED'),
      ),
      headed('another scheme', [['Authorization', `Basic ${TOKEN}`]], refused('OMNI_AUTH_REQUIRED')),
      headed(
        'an Upgrade, which is not offered',
        [
          ['Connection', 'Upgrade'],
          ['Upgrade', 'websocket'],
        ],
        served(),
      ),
      headed(
        'Expect that is not known',
        [['Expect', 'the-spanish-inquisition']],
        anyOf(served(), { kind: 'served', status: 417 }, INVALID),
      ),
    ],
  },
];
