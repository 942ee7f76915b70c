import { jsonOf, memberText } from '../answer-text.ts';
import { headed, inSession, legacyCallText, pingText } from '../case-builders.ts';
import { callText, echoed, modernPost, modernRequest, requestBytes } from '../request-bytes.ts';
import {
  anyOf,
  exact,
  refused,
  served,
  type ByteCase,
  type Expectation,
  type Row,
  type RowContext,
} from '../row.ts';
import { until } from '../until.ts';

const INVALID = refused('OMNI_MESSAGE_INVALID');
const PARAMS = refused('OMNI_PARAMS_INVALID');
const BEHIND: Expectation = { kind: 'refused-behind', rpcCodes: [-32602] };
const VALID = callText();
const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'then',
  'toJSON',
  'hasOwnProperty',
];

function withId(name: string, id: string, expect: Expectation): ByteCase {
  return { name: `id ${name}`, bytes: () => modernPost(callText({ id })), expect };
}

function read(name: string, uri: string, expect: Expectation): ByteCase {
  const header = uri.length > 8_000 ? 'long' : `=?base64?${Buffer.from(uri).toString('base64')}?=`;
  return {
    name,
    bytes: () => modernRequest('resources/read', `"uri":${JSON.stringify(uri)},`, header),
    expect,
  };
}

function listed(name: string, cursor: string, expect: Expectation): ByteCase {
  return { name, bytes: () => modernRequest('tools/list', `"cursor":${cursor},`), expect };
}

async function batch(
  context: RowContext,
  version: string,
  body: string,
  isRight: (text: string, status: number) => boolean,
): Promise<readonly string[]> {
  const session = await context.open({ version });
  const { answers } = await session.post(body);
  const text = jsonOf(answers[0]);
  return isRight(text, answers[0]?.status ?? 0) ? [] : [`${answers[0]?.status}: ${text.slice(0, 300)}`];
}

const isRefusal = (text: string, status: number): boolean => status === 400 && text.includes('"code":-32600');

/** What is wrong with what a message says. */
export const CONTENT_ROWS: readonly Row[] = [
  {
    id: 'H08',
    title: 'names that every object has',
    cases: [
      ...PROTOTYPE_NAMES.flatMap((name) => [
        headed(
          `tool ${name}`,
          [['Mcp-Name', `nobody__${name}`]],
          refused('OMNI_NAME_UNKNOWN'),
          callText({ name: `"nobody__${name}"` }),
        ),
        {
          name: `server ${name}`,
          bytes: requestBytes({ target: `/mcp/${name}`, body: VALID }),
          expect: refused('OMNI_SERVER_UNKNOWN', 'OMNI_PATH_UNKNOWN'),
        },
        headed(`header ${name}`, [[name, 'x']], served()),
        inSession(`session ${name}`, name),
        {
          name: `query ${name}`,
          bytes: requestBytes({ target: `/mcp?${name}=x`, body: VALID }),
          expect: served(),
        },
        headed(
          `value ${name}`,
          [],
          exact(`"v":{"${name}":{"x":1}},`),
          callText({ args: echoed(`{"${name}":{"x":1}}`) }),
        ),
        headed(`member ${name} of the message`, [], served(), `${VALID.slice(0, -1)},"${name}":{"x":1}}`),
        headed(`member ${name} of _meta`, [], served(), callText({ meta: `,"${name}":{"x":1}` })),
        {
          name: `prompt ${name}`,
          bytes: modernRequest('prompts/get', `"name":"${name}",`, name),
          expect: refused('OMNI_NAME_UNKNOWN'),
        },
      ]),
      // The server really has tools of these names: they are names like any other.
      ...['__proto__', 'constructor', 'then', 'toString'].map((name) =>
        headed(
          `a tool that is called ${name}`,
          [['Mcp-Name', `echo__${name}`]],
          exact('"v":{"then":1},'),
          callText({ name: `"echo__${name}"`, args: echoed('{"then":1}') }),
        ),
      ),
    ],
    note: 'Object.prototype of the other process cannot be looked at; that the rows behind this one hold says that it is as it was.',
  },
  {
    id: 'H09',
    title: 'ids',
    cases: [
      ...['1.5', '1.0', '1e0', '1e400', 'true', 'null', '{}', '[]', '[1]'].map((id) =>
        withId(id, id, INVALID),
      ),
      withId('of 10,000 characters', `"${'i'.repeat(10_000)}"`, INVALID),
      withId('of 2 MB', `"${'i'.repeat(2_000_000)}"`, INVALID),
      withId('of 2,000 digits', '9'.repeat(2_000), INVALID),
      ...[
        '0',
        '-0',
        '-1',
        '9007199254740993',
        '123456789012345678901234567890',
        '""',
        '"\\u0000"',
        '"\\ud800"',
        '"a\\"b"',
        '"__proto__"',
        '"é"',
      ].map((id) => withId(id, id, exact(`"id":${id}`))),
      {
        name: 'the same id twice in flight in one session: each is answered, the first goes on until it is cancelled',
        run: async (context) => {
          const session = await context.open();
          const [started, cancelled] = [context.tally('e'), context.tally('c')];
          const first = session.ask(legacyCallText(5, 'echo__hold'));
          await until(() => context.tally('e') > started);
          const second = await session.ask(legacyCallText(5, 'echo__echo', echoed('1')));
          const isHeld = context.tally('c') === cancelled;
          await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}');
          await first;
          const isCancelled = await until(() => context.tally('c') === cancelled + 1);
          const third = await session.ask(legacyCallText(5, 'echo__echo', echoed('"again"')));
          return [
            ...(second.includes('"v":1') ? [] : [`second: ${second}`]),
            ...(isHeld && isCancelled ? [] : ['the first did not run on until it was cancelled']),
            ...(third.includes('"v":"again"') ? [] : [`reused after the end: ${third}`]),
          ];
        },
      },
      {
        name: 'the same id of 50 modern requests at once: each gets its own answer',
        run: async ({ send }) => {
          const answers = await Promise.all(
            Array.from({ length: 50 }, (_, at) => send(modernPost(callText({ args: echoed(`"own${at}"`) })))),
          );
          const wrong = answers.filter(
            ({ answers: [one] }, at) => one?.body.includes(`"v":"own${at}",`) !== true,
          );
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
      {
        name: 'one',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[${pingText(1)}]`,
            (text) => text === '[{"jsonrpc":"2.0","id":1,"result":{}}]',
          ),
      },
      {
        name: '100',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[${Array.from({ length: 100 }, (_, id) => pingText(id)).join()}]`,
            (text) => text.match(/"result"/g)?.length === 100,
          ),
      },
      {
        name: '101',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[${Array.from({ length: 101 }, (_, id) => pingText(id)).join()}]`,
            isRefusal,
          ),
      },
      {
        name: '100,000',
        run: (context) => batch(context, '2025-03-26', `[${'1,'.repeat(99_998)}1]`, isRefusal),
      },
      {
        name: 'a batch in a batch',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[[${pingText(1)}],${pingText(2)}]`,
            (text) => text.includes('-32600') && text.includes('"id":2,"result"'),
          ),
      },
      {
        name: 'mixed: only requests are answered',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[${pingText(1)},{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":"no","result":{}},{"no":1},${legacyCallText(3, 'echo__echo', echoed('"batched"'))}]`,
            (text) => memberText(text, 'id').join() === '1,null,3' && text.includes('"batched"'),
          ),
      },
      {
        name: 'initialize in it',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}]`,
            (text) => text.includes('-32600') && !text.includes('"result"'),
          ),
      },
      {
        name: 'the same id twice',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            `[${legacyCallText(1, 'echo__echo', echoed('1'))},${legacyCallText(1, 'echo__echo', echoed('2'))}]`,
            (text) => text.includes('"v":1') && text.includes('"v":2'),
          ),
      },
      {
        name: 'notifications only',
        run: (context) =>
          batch(
            context,
            '2025-03-26',
            '[{"jsonrpc":"2.0","method":"notifications/x"}]',
            (text, status) => status === 202 && text === '',
          ),
      },
      ...['2025-06-18', '2025-11-25', '2024-11-05'].map((version) => ({
        name: `in ${version}`,
        run: (context: RowContext) => batch(context, version, `[${pingText(1)}]`, isRefusal),
      })),
      {
        name: 'without a session',
        bytes: modernPost(`[${VALID}]`),
        expect: refused('OMNI_MESSAGE_INVALID', 'OMNI_SESSION_REQUIRED'),
      },
    ],
  },
  {
    id: 'H33',
    title: 'reserved keys of _meta',
    cases: [
      ...[
        '"io.modelcontextprotocol/serverInfo":{"name":"evil","version":"0"}',
        '"io.modelcontextprotocol/subscriptionId":1',
        '"traceparent":"not-a-trace"',
        '"traceparent":"00-00000000000000000000000000000000-0000000000000000-00"',
        `"traceparent":"${'0'.repeat(1_000_000)}"`,
        '"tracestate":7',
        '"baggage":{}',
      ].map((member) => headed(member.slice(0, 60), [], exact('"v":1,'), callText({ meta: `,${member}` }))),
      headed(
        'clientInfo as a string',
        [],
        PARAMS,
        callText({ meta: ',"io.modelcontextprotocol/clientInfo":"x"' }),
      ),
      headed(
        'logLevel as an object',
        [],
        anyOf(served(), PARAMS, BEHIND),
        callText({ meta: ',"io.modelcontextprotocol/logLevel":{}' }),
      ),
    ],
    note: 'Keys that mean something in the other direction only, and trace contexts, travel unread to the server: Omni relays bytes and takes no part in traces yet. In Omni they change nothing.',
  },
  {
    id: 'H35',
    title: 'cursors',
    cases: [
      listed('empty', '""', served()),
      ...['"x"', '"eyJvZmZzZXQiOjB9"', '"\\u0000"', `"${'c'.repeat(1_048_576)}"`, '"__proto__"', '" "'].map(
        (cursor) => listed(cursor.slice(0, 30), cursor, refused('OMNI_CURSOR_INVALID')),
      ),
      listed('null, which sloppy clients write for none', 'null', served()),
      ...['5', '{}', '[]', 'true'].map((cursor) => listed(cursor, cursor, refused('OMNI_CURSOR_INVALID'))),
      ...['resources/list', 'prompts/list', 'resources/templates/list'].map((method) => ({
        name: method,
        bytes: modernRequest(method, '"cursor":"x",'),
        expect: refused('OMNI_CURSOR_INVALID'),
      })),
    ],
  },
  {
    id: 'H36',
    title: 'resources that nobody offers',
    cases: [
      ...[
        'file:///etc/passwd',
        'http://169.254.169.254/latest/meta-data/',
        'http://127.0.0.1/',
        '',
        'x',
        ':',
        '//',
        'javascript:alert(1)',
        'file:%00',
        'data:text/plain,x',
        '../../etc/passwd',
        'TEST',
        '__proto__',
        'gopher://x',
      ].map((uri) => read(uri, uri, refused('OMNI_NAME_UNKNOWN', 'OMNI_PARAMS_INVALID'))),
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
          const answer = await session.ask(
            `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"test://${'a'.repeat(1_048_576)}"}}`,
          );
          return answer.includes('"code":-32602') && answer.length < 2_000 ? [] : [answer.slice(0, 300)];
        },
      },
    ],
    note: 'What fits the scheme of exactly one server is asked there, and refused there.',
  },
];
