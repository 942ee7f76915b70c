import { decodeAnswer, memberText } from '../answer-text.ts';
import { openSocket } from '../raw-http.ts';
import { until } from '../until.ts';
import { callText, echoed, legacyPost, MODERN, modernPost, modernRequest, requestBytes, requestText, type Header } from '../request-bytes.ts';
import { anyOf, exact, refused, served, type ByteCase, type Expectation, type Row, type RowContext } from '../row.ts';

const INVALID = refused('OMNI_MESSAGE_INVALID');
const MISMATCH = refused('OMNI_HEADER_MISMATCH');
const PARAMS = refused('OMNI_PARAMS_INVALID');
const UNKNOWN_SESSION = refused('OMNI_SESSION_UNKNOWN');
const VERSION: Expectation = { kind: 'refused', codes: ['OMNI_VERSION_UNSUPPORTED'], data: ['supported', 'requested'] };
const BEHIND: Expectation = { kind: 'refused-behind', rpcCodes: [-32602] };
const VALID = callText();
const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'then', 'toJSON', 'hasOwnProperty'];

function headed(name: string, headers: readonly Header[], expect: Expectation, body = VALID): ByteCase {
  return { name, bytes: modernPost(body, headers), expect };
}

function withId(name: string, id: string, expect: Expectation): ByteCase {
  return { name: `id ${name}`, bytes: () => modernPost(callText({ id })), expect };
}

function inSession(name: string, id: string, path = '/mcp'): ByteCase {
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const headers: readonly Header[] = [['Mcp-Session-Id', id], ['MCP-Protocol-Version', '2025-11-25'], ['Mcp-Method', undefined], ['Mcp-Name', undefined]];
  return { name, bytes: requestBytes({ target: path, body, headers }), expect: id.length > 15_000 ? refused('OMNI_HEADERS_TOO_LARGE') : UNKNOWN_SESSION };
}

function mirrored(name: string, args: string, headers: readonly Header[], expect: Expectation): ByteCase {
  const tool = 'echo__mirrored';
  return { name, bytes: modernPost(callText({ name: `"${tool}"`, args }), [['Mcp-Name', tool], ...headers]), expect };
}

function read(name: string, uri: string, expect: Expectation): ByteCase {
  const header = uri.length > 8_000 ? 'long' : `=?base64?${Buffer.from(uri).toString('base64')}?=`;
  return { name, bytes: () => modernRequest('resources/read', `"uri":${JSON.stringify(uri)},`, header), expect };
}

function listed(name: string, cursor: string, expect: Expectation): ByteCase {
  return { name, bytes: () => modernRequest('tools/list', `"cursor":${cursor},`), expect };
}

async function batch(context: RowContext, version: string, body: string, isRight: (text: string, status: number) => boolean): Promise<readonly string[]> {
  const session = await context.open({ version });
  const { answers } = await session.post(body);
  const text = decodeAnswer(answers[0]);
  return isRight(text, answers[0]?.status ?? 0) ? [] : [`${answers[0]?.status}: ${text.slice(0, 300)}`];
}

const ping = (id: number | string): string => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
const call = (id: number, name: string, args = '{}', meta = ''): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${args}${meta}}}`;
const isRefusal = (text: string, status: number): boolean => status === 400 && text.includes('"code":-32600');

/** What is wrong with what a message says. */
export const PROTOCOL_ROWS: readonly Row[] = [
  {
    id: 'H08',
    title: 'names that every object has',
    cases: [
      ...PROTOTYPE_NAMES.flatMap((name) => [
        headed(`tool ${name}`, [['Mcp-Name', `nobody__${name}`]], refused('OMNI_NAME_UNKNOWN'), callText({ name: `"nobody__${name}"` })),
        { name: `server ${name}`, bytes: requestBytes({ target: `/mcp/${name}`, body: VALID }), expect: refused('OMNI_SERVER_UNKNOWN', 'OMNI_PATH_UNKNOWN') },
        headed(`header ${name}`, [[name, 'x']], served()),
        inSession(`session ${name}`, name),
        { name: `query ${name}`, bytes: requestBytes({ target: `/mcp?${name}=x`, body: VALID }), expect: served() },
        headed(`value ${name}`, [], exact(`"v":{"${name}":{"x":1}},`), callText({ args: echoed(`{"${name}":{"x":1}}`) })),
        headed(`member ${name} of the message`, [], served(), `${VALID.slice(0, -1)},"${name}":{"x":1}}`),
        headed(`member ${name} of _meta`, [], served(), callText({ meta: `,"${name}":{"x":1}` })),
        { name: `prompt ${name}`, bytes: modernRequest('prompts/get', `"name":"${name}",`, name), expect: refused('OMNI_NAME_UNKNOWN') },
      ]),
      // The server really has tools of these names: they are names like any other.
      ...['__proto__', 'constructor', 'then', 'toString'].map((name) =>
        headed(`a tool that is called ${name}`, [['Mcp-Name', `echo__${name}`]], exact('"v":{"then":1},'), callText({ name: `"echo__${name}"`, args: echoed('{"then":1}') })),
      ),
    ],
    note: 'Object.prototype of the other process cannot be looked at; that the rows behind this one hold says that it is as it was.',
  },
  {
    id: 'H09',
    title: 'ids',
    cases: [
      ...['1.5', '1.0', '1e0', '1e400', 'true', 'null', '{}', '[]', '[1]'].map((id) => withId(id, id, INVALID)),
      withId('of 10,000 characters', `"${'i'.repeat(10_000)}"`, INVALID),
      withId('of 2 MB', `"${'i'.repeat(2_000_000)}"`, INVALID),
      withId('of 2,000 digits', '9'.repeat(2_000), INVALID),
      ...['0', '-0', '-1', '9007199254740993', '123456789012345678901234567890', '""', '"\\u0000"', '"\\ud800"', '"a\\"b"', '"__proto__"', '"é"'].map((id) => withId(id, id, exact(`"id":${id}`))),
      {
        name: 'the same id twice in flight in one session: the second is refused, the first goes on',
        run: async (context) => {
          const session = await context.open();
          const [started, cancelled] = [context.tally('e'), context.tally('c')];
          const first = session.ask(call(5, 'echo__hold'));
          await until(() => context.tally('e') > started);
          const second = await session.ask(call(5, 'echo__echo', echoed('1')));
          const isHeld = context.tally('c') === cancelled;
          await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}');
          await first;
          const isCancelled = await until(() => context.tally('c') === cancelled + 1);
          const third = await session.ask(call(5, 'echo__echo', echoed('"again"')));
          return [
            ...(second.includes('"OMNI_REQUEST_ID_IN_USE"') && second.includes('-32600') ? [] : [`second: ${second}`]),
            ...(isHeld && isCancelled ? [] : ['the first did not run on until it was cancelled']),
            ...(third.includes('"v":"again"') ? [] : [`reused after the end: ${third}`]),
          ];
        },
      },
      {
        name: 'the same id of 50 modern requests at once: each gets its own answer',
        run: async ({ send }) => {
          const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => send(modernPost(callText({ args: echoed(`"own${at}"`) })))));
          const wrong = answers.filter(({ answers: [one] }, at) => one?.body.includes(`"v":"own${at}",`) !== true);
          return wrong.length === 0 ? [] : [`${wrong.length} got another's answer`];
        },
      },
    ],
  },
  {
    id: 'H11',
    title: 'batches',
    withinMs: 10_000,
    cases: [
      { name: 'none in it', run: (context) => batch(context, '2025-03-26', '[]', isRefusal) },
      { name: 'one', run: (context) => batch(context, '2025-03-26', `[${ping(1)}]`, (text) => text === '[{"jsonrpc":"2.0","id":1,"result":{}}]') },
      { name: '100', run: (context) => batch(context, '2025-03-26', `[${Array.from({ length: 100 }, (_, id) => ping(id)).join()}]`, (text) => text.match(/"result"/g)?.length === 100) },
      { name: '101', run: (context) => batch(context, '2025-03-26', `[${Array.from({ length: 101 }, (_, id) => ping(id)).join()}]`, isRefusal) },
      { name: '100,000', run: (context) => batch(context, '2025-03-26', `[${'1,'.repeat(99_998)}1]`, isRefusal) },
      { name: 'a batch in a batch', run: (context) => batch(context, '2025-03-26', `[[${ping(1)}],${ping(2)}]`, (text) => text.includes('-32600') && text.includes('"id":2,"result"')) },
      {
        name: 'mixed: only requests are answered',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[${ping(1)},{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":"no","result":{}},{"no":1},${call(3, 'echo__echo', echoed('"batched"'))}]`,
            (text) => memberText(text, 'id').join() === '1,null,3' && text.includes('"batched"'),
          ),
      },
      { name: 'initialize in it', run: (context) => batch(context, '2025-03-26', `[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}]`, (text) => text.includes('-32600') && !text.includes('"result"')) },
      { name: 'the same id twice', run: (context) => batch(context, '2025-03-26', `[${call(1, 'echo__echo', echoed('1'))},${call(1, 'echo__echo', echoed('2'))}]`, (text) => text.includes('OMNI_REQUEST_ID_IN_USE') && text.includes('"structuredContent"')) },
      { name: 'notifications only', run: (context) => batch(context, '2025-03-26', '[{"jsonrpc":"2.0","method":"notifications/x"}]', (text, status) => status === 202 && text === '') },
      ...['2025-06-18', '2025-11-25', '2024-11-05'].map((version) => ({ name: `in ${version}`, run: (context: RowContext) => batch(context, version, `[${ping(1)}]`, isRefusal) })),
      { name: 'without a session', bytes: modernPost(`[${VALID}]`), expect: refused('OMNI_MESSAGE_INVALID', 'OMNI_SESSION_REQUIRED') },
    ],
  },
  {
    id: 'H25',
    title: 'MCP-Protocol-Version',
    cases: [
      headed('absent', [['MCP-Protocol-Version', undefined]], MISMATCH),
      headed('differs from the body', [['MCP-Protocol-Version', '2025-11-25']], MISMATCH),
      headed('not known and differs', [['MCP-Protocol-Version', '9999-99-99']], MISMATCH),
      headed('twice', [['MCP-Protocol-Version', MODERN], ['MCP-Protocol-Version', MODERN]], MISMATCH),
      headed('empty', [['MCP-Protocol-Version', '']], MISMATCH),
      headed('not known in both', [['MCP-Protocol-Version', '9999-99-99']], VERSION, VALID.replace(MODERN, '9999-99-99')),
      headed('a draft in both', [['MCP-Protocol-Version', 'DRAFT-2026-v1']], VERSION, VALID.replace(MODERN, 'DRAFT-2026-v1')),
      headed('a legacy one in both', [['MCP-Protocol-Version', '2025-11-25']], anyOf(VERSION, refused('OMNI_SESSION_REQUIRED')), VALID.replace(MODERN, '2025-11-25')),
      headed('as a number in the body', [], PARAMS, VALID.replace(`"${MODERN}"`, '20260728')),
      headed('of 1,000 characters in both', [['MCP-Protocol-Version', 'v'.repeat(1_000)]], VERSION, VALID.replace(MODERN, 'v'.repeat(1_000))),
      headed('modern, and no envelope', [], PARAMS, ping(1)),
      headed('no capabilities', [], PARAMS, VALID.replace(',"io.modelcontextprotocol/clientCapabilities":{}', '')),
      headed('capabilities as an array', [], PARAMS, VALID.replace('clientCapabilities":{}', 'clientCapabilities":[]')),
      ...['9999-99-99', '', '2026-07-28, 2025-11-25', '2025-11-25, 2025-11-25', '2025-11-2', 'null', '1'].map((version) => ({
        name: `${JSON.stringify(version)} without an envelope`,
        bytes: legacyPost(ping(1), [['MCP-Protocol-Version', version]]),
        expect: VERSION,
      })),
      { name: 'none, no envelope, no session', bytes: legacyPost(ping(1)), expect: refused('OMNI_SESSION_REQUIRED') },
      {
        name: 'another known one than the session has',
        run: async ({ open }) => {
          const session = await open();
          const { answers } = await session.post(ping(1), [['MCP-Protocol-Version', '2025-06-18']]);
          const { answers: absent } = await session.post(ping(1), [['MCP-Protocol-Version', undefined]]);
          const isFine = [answers[0], absent[0]].every((answer) => answer?.status === 200 || answer?.status === 400);
          return isFine ? [] : [`${answers[0]?.status}, ${absent[0]?.status}`];
        },
      },
    ],
    note: 'A header that differs is a mismatch before it is asked whether the version is served: −32020.',
  },
  {
    id: 'H26',
    title: 'Mcp-Method and Mcp-Name',
    cases: [
      headed('another name', [['Mcp-Name', 'echo__hold']], MISMATCH),
      headed('another method', [['Mcp-Method', 'tools/list']], MISMATCH),
      headed('no name', [['Mcp-Name', undefined]], MISMATCH),
      headed('no method', [['Mcp-Method', undefined]], MISMATCH),
      headed('empty name', [['Mcp-Name', '']], MISMATCH),
      headed('name in other letters', [['Mcp-Name', 'ECHO__ECHO']], MISMATCH),
      headed('method in other letters', [['Mcp-Method', 'Tools/Call']], MISMATCH),
      headed('name twice', [['Mcp-Name', 'echo__echo'], ['Mcp-Name', 'echo__echo']], MISMATCH),
      headed('method twice', [['Mcp-Method', 'tools/call'], ['Mcp-Method', 'tools/call']], MISMATCH),
      headed('space around', [['Mcp-Name', '  echo__echo \t'], ['Mcp-Method', ' tools/call ']], served()),
      headed('in Base64', [['Mcp-Name', `=?base64?${Buffer.from('echo__echo').toString('base64')}?=`]], served()),
      headed('in Base64 of another', [['Mcp-Name', `=?base64?${Buffer.from('echo__hold').toString('base64')}?=`]], MISMATCH),
      headed('in Base64 twice', [['Mcp-Name', `=?base64?${Buffer.from(`=?base64?${Buffer.from('echo__echo').toString('base64')}?=`).toString('base64')}?=`]], MISMATCH),
      ...['=?base64?!!!!?=', '=?base64??=', '=?base64?ZWNobw', '=?BASE64?ZWNob19fZWNobw==?=', '=?base64?ZWNob19fZWNobw?=', '=?base64?gICA?='].map((name) => headed(name, [['Mcp-Name', name]], MISMATCH)),
      headed('beyond ASCII', [['Mcp-Name', 'echo__ech\xf6']], MISMATCH),
      headed('on a method without a name', [['Mcp-Method', 'tools/list'], ['Mcp-Name', 'x']], served(), requestText('tools/list')),
    ],
    note: 'Space around a value belongs to HTTP and is stripped, as the official clients and servers do.',
  },
  {
    id: 'H27',
    title: 'Mcp-Param-*',
    cases: [
      mirrored('all fit', '{"region":"eu","count":42,"dry":true}', [['Mcp-Param-Region', 'eu'], ['Mcp-Param-Count', '42'], ['Mcp-Param-Dry', 'true']], served()),
      mirrored('another value', '{"region":"eu"}', [['Mcp-Param-Region', 'us']], MISMATCH),
      mirrored('missing', '{"region":"eu"}', [], MISMATCH),
      mirrored('without an argument', '{}', [['Mcp-Param-Region', 'eu']], MISMATCH),
      mirrored('without arguments at all', '{}', [], served()),
      mirrored('42.0 for 42', '{"count":42}', [['Mcp-Param-Count', '42.0']], served()),
      mirrored('42 for 42.0', '{"count":42.0}', [['Mcp-Param-Count', '42']], served()),
      mirrored('43 for 42', '{"count":42}', [['Mcp-Param-Count', '43']], MISMATCH),
      mirrored('4.2e1 for 42', '{"count":42}', [['Mcp-Param-Count', '4.2e1']], MISMATCH),
      mirrored('0x2a for 42', '{"count":42}', [['Mcp-Param-Count', '0x2a']], MISMATCH),
      mirrored('2^53+1', '{"count":9007199254740993}', [['Mcp-Param-Count', '9007199254740993']], MISMATCH),
      mirrored('True for true', '{"dry":true}', [['Mcp-Param-Dry', 'True']], MISMATCH),
      mirrored('null', '{"region":null}', [], served()),
      mirrored('a line break in Base64', '{"region":"a\\nb"}', [['Mcp-Param-Region', `=?base64?${Buffer.from('a\nb').toString('base64')}?=`]], served()),
      mirrored('twice', '{"region":"eu"}', [['Mcp-Param-Region', 'eu'], ['Mcp-Param-Region', 'eu']], MISMATCH),
      mirrored('the argument twice', '{"region":"eu","region":"us"}', [['Mcp-Param-Region', 'eu']], MISMATCH),
      mirrored('one that no schema names', '{}', [['Mcp-Param-Other', 'x'], ['Mcp-Param-__proto__', 'x']], served()),
    ],
    note: 'An integer beyond 2^53 has no safe text, so a header for it is one too many.',
  },
  {
    id: 'H28',
    title: 'forged session ids',
    cases: [
      ...['8c1f5a52-7b1c-4b6f-9d0e-2f3a4b5c6d7e', '0', 'null', "' OR 1=1 --", '../../etc/passwd', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.', '*', 'a'.repeat(10_000), 'f'.repeat(32), '%0d%0aX: y', 'http-1', 'channel-1'].map((id) => inSession(id.slice(0, 50), id)),
      { name: 'empty', bytes: legacyPost(ping(1), [['Mcp-Session-Id', '']]), expect: refused('OMNI_SESSION_REQUIRED') },
      { name: 'twice', bytes: legacyPost(ping(1), [['Mcp-Session-Id', 'a'], ['Mcp-Session-Id', 'b']]), expect: UNKNOWN_SESSION },
      { name: 'on GET', bytes: requestBytes({ method: 'GET', headers: [['Mcp-Session-Id', 'x'], ['Accept', 'text/event-stream']] }), expect: UNKNOWN_SESSION },
      { name: 'on DELETE', bytes: requestBytes({ method: 'DELETE', headers: [['Mcp-Session-Id', 'x']] }), expect: UNKNOWN_SESSION },
      {
        name: 'after DELETE, and on the endpoint of another server',
        run: async ({ open, send, load }) => {
          const before = (await load()).sessions;
          const ended = await open();
          const bytes = ended.bytes(ping(1));
          await ended.end();
          const gone = await send(bytes);
          const scoped = await open({ path: '/mcp/echo' });
          const elsewhere = await send(Buffer.from(scoped.bytes(ping(1)).toString('latin1').replace('/mcp/echo', '/mcp/good'), 'latin1'));
          const home = await scoped.post(ping(1));
          await scoped.end();
          const after = (await load()).sessions;
          const statuses = [gone, elsewhere, home].map(({ answers }) => answers[0]?.status).join();
          return statuses === '404,404,200' && after === before ? [] : [`${statuses}, ${before} sessions before and ${after} after`];
        },
      },
    ],
  },
  {
    id: 'H29',
    title: 'Last-Event-ID',
    cases: [
      {
        name: 'of nobody, of the future, of another session: an empty stream',
        run: async ({ open, port }) => {
          const problems: string[] = [];
          for (const id of ['0', '999999', '-1', 'x'.repeat(5_000), '__proto__', "1' OR '1'='1"]) {
            const session = await open();
            const socket = await openSocket(port, { isPaused: true });
            let text = '';
            socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
            socket.write(session.streamBytes([['Last-Event-ID', id]]));
            for (let at = 0; at < 100 && !text.includes('\r\n\r\n'); at++) await new Promise((resolve) => setTimeout(resolve, 10));
            await new Promise((resolve) => setTimeout(resolve, 50));
            socket.destroy();
            if (!text.startsWith('HTTP/1.1 200') || text.includes('data:')) problems.push(`${id.slice(0, 20)}: ${text.slice(0, 200)}`);
          }
          return problems;
        },
      },
      { name: 'without a session', bytes: requestBytes({ method: 'GET', headers: [['Last-Event-ID', '1'], ['Accept', 'text/event-stream']] }), expect: refused('OMNI_METHOD_NOT_ALLOWED') },
    ],
    note: 'Streams are not resumable: no event has an id, and the header is ignored.',
  },
  {
    id: 'H30',
    title: 'progress tokens',
    cases: [
      ...['{}', '[]', 'null', 'true', '1.5', '""', `"${'t'.repeat(100_000)}"`, '9007199254740993', '"__proto__"'].map((token) => headed(`token ${token.slice(0, 20)}`, [], exact('"v":1,'), callText({ meta: `,"progressToken":${token}` }))),
      {
        name: 'the same token of two clients at once: each hears of its own call only',
        run: async ({ send }) => {
          const ask = (count: number): Buffer => modernPost(callText({ id: String(count), name: '"echo__flood"', args: `{"count":${count},"bytes":1}`, meta: ',"progressToken":"same"' }), [['Mcp-Name', 'echo__flood']]);
          const answers = await Promise.all([3, 5, 7].map((count) => send(ask(count))));
          const heard = answers.map(({ answers: [one] }) => one?.body.toString().match(/"progressToken":"same"/g)?.length ?? 0);
          return heard.join() === '3,5,7' ? [] : [`heard ${heard.join()} instead of 3,5,7`];
        },
      },
    ],
    note: 'On shared connections every token is replaced by one of Omni’s own and put back unchanged, whatever it is.',
  },
  {
    id: 'H31',
    title: 'cancellation',
    withinMs: 15_000,
    cases: [
      {
        name: 'of unknown, finished, coming and foreign requests',
        run: async (context) => {
          const [own, other] = [await context.open(), await context.open()];
          const cancelled = context.tally('c');
          const started = context.tally('e');
          const running = own.ask(call(5, 'echo__hold'));
          await until(() => context.tally('e') > started);
          for (const id of ['5', '"5"', '6', 'null', '{}', '5.0', '1e999', `"${'i'.repeat(100_000)}"`]) await other.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);
          for (const params of ['{}', '{"requestId":[5]}', '{"requestId":"5"}', '{"requestId":5.0}']) await own.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`);
          await own.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}');
          const later = await own.ask(call(9, 'echo__echo', echoed('"not cancelled"')));
          const isHeld = context.tally('c') === cancelled;
          await own.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}');
          await running;
          const isCancelled = await until(() => context.tally('c') === cancelled + 1);
          return [...(isHeld ? [] : ['somebody else ended the call']), ...(later.includes('not cancelled') ? [] : [`cancelled before it came: ${later}`]), ...(isCancelled ? [] : ['the server was not told'])];
        },
      },
      {
        name: '2,000 in a row',
        run: async ({ open, send }) => {
          const session = await open();
          const one = session.bytes('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
          const { answers } = await send(Buffer.concat(Array.from({ length: 2_000 }, () => one)), { answers: 2_000 });
          return answers.length === 2_000 && answers.every(({ status }) => status === 202) ? [] : [`${answers.length} answers`];
        },
      },
      { name: 'in the modern era, where closing cancels', bytes: modernRequest('notifications/cancelled'), expect: refused('OMNI_METHOD_UNKNOWN') },
    ],
  },
  {
    id: 'H33',
    title: 'reserved keys of _meta',
    cases: [
      ...['"io.modelcontextprotocol/serverInfo":{"name":"evil","version":"0"}', '"io.modelcontextprotocol/subscriptionId":1', '"traceparent":"not-a-trace"', '"traceparent":"00-00000000000000000000000000000000-0000000000000000-00"', `"traceparent":"${'0'.repeat(1_000_000)}"`, '"tracestate":7', '"baggage":{}'].map((member) =>
        headed(member.slice(0, 60), [], exact('"v":1,'), callText({ meta: `,${member}` })),
      ),
      headed('clientInfo as a string', [], PARAMS, callText({ meta: ',"io.modelcontextprotocol/clientInfo":"x"' })),
      headed('logLevel as an object', [], anyOf(served(), PARAMS, BEHIND), callText({ meta: ',"io.modelcontextprotocol/logLevel":{}' })),
    ],
    note: 'Keys that mean something in the other direction only, and trace contexts, travel unread to the server: Omni relays bytes and takes no part in traces yet. In Omni they change nothing.',
  },
  {
    id: 'H35',
    title: 'cursors',
    cases: [
      listed('empty', '""', served()),
      ...['"x"', '"eyJvZmZzZXQiOjB9"', '"\\u0000"', `"${'c'.repeat(1_048_576)}"`, '"__proto__"', '" "'].map((cursor) => listed(cursor.slice(0, 30), cursor, refused('OMNI_CURSOR_INVALID'))),
      listed('null, which sloppy clients write for none', 'null', served()),
      ...['5', '{}', '[]', 'true'].map((cursor) => listed(cursor, cursor, refused('OMNI_CURSOR_INVALID'))),
      ...['resources/list', 'prompts/list', 'resources/templates/list'].map((method) => ({ name: method, bytes: modernRequest(method, '"cursor":"x",'), expect: refused('OMNI_CURSOR_INVALID') })),
    ],
  },
  {
    id: 'H36',
    title: 'resources that nobody offers',
    cases: [
      ...['file:///etc/passwd', 'http://169.254.169.254/latest/meta-data/', 'http://127.0.0.1/', '', 'x', ':', '//', 'javascript:alert(1)', 'file:%00', 'data:text/plain,x', '../../etc/passwd', 'TEST', '__proto__', 'gopher://x'].map((uri) => read(uri, uri, refused('OMNI_NAME_UNKNOWN', 'OMNI_PARAMS_INVALID'))),
      read('a megabyte', `test://${'a'.repeat(1_048_576)}`, refused('OMNI_HEADER_MISMATCH')),
      read('8,000 characters against templates', `test://template/${'a/'.repeat(3_900)}`, BEHIND),
      read('the scheme of a server, and nothing it has', 'test://nothing', BEHIND),
      read('%00', 'test://static-text%00', BEHIND),
      read('..', 'test://template/../../etc/passwd', anyOf(BEHIND, served())),
      { name: 'as a number', bytes: modernRequest('resources/read', '"uri":7,'), expect: PARAMS },
      {
        name: 'a megabyte in a session',
        run: async ({ open }) => {
          const session = await open();
          const answer = await session.ask(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"test://${'a'.repeat(1_048_576)}"}}`);
          return answer.includes('"code":-32602') && answer.length < 2_000 ? [] : [answer.slice(0, 300)];
        },
      },
    ],
    note: 'What fits the scheme of exactly one server is asked there, and refused there.',
  },
];
