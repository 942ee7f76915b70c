import type { LegacyClient } from '../legacy-client.ts';
import { headed, inSession, legacyCallText, pingText } from '../case-builders.ts';
import { openSocket } from '../raw-http.ts';
import { callText, echoed, legacyPost, modernPost, modernRequest, requestBytes } from '../request-bytes.ts';
import { exact, refused, type Row, type RowContext } from '../row.ts';
import { until } from '../until.ts';

const UNKNOWN_SESSION = refused('OMNI_SESSION_UNKNOWN');

/**
 * Opens the stream of a session behind an event.
 *
 * @returns A problem when a message comes, or a refusal that is not documented.
 */
async function resumed(
  { port }: RowContext,
  session: LegacyClient,
  lastEventId: string,
): Promise<readonly string[]> {
  const socket = await openSocket(port, { isPaused: true });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(session.streamBytes([['Last-Event-ID', lastEventId]]));
  await until(() => text.includes('\r\n\r\n'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  // An event that only gives an id has an empty data field.
  const isSilent = text.startsWith('HTTP/1.1 200') && !/^data: ?\S/m.test(text);
  const isRefused = text.startsWith('HTTP/1.1 4') && text.includes('"code":"OMNI_');
  return isSilent || isRefused ? [] : [`${lastEventId.slice(0, 40)}: ${text.slice(0, 300)}`];
}

/** What is wrong with sessions, streams and running calls. */
export const SESSION_ROWS: readonly Row[] = [
  {
    id: 'H28',
    title: 'forged session ids',
    cases: [
      ...[
        '8c1f5a52-7b1c-4b6f-9d0e-2f3a4b5c6d7e',
        '0',
        'null',
        "' OR 1=1 --",
        '../../etc/passwd',
        'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.',
        '*',
        'a'.repeat(10_000),
        'f'.repeat(32),
        '%0d%0aX: y',
        'http-1',
        'channel-1',
      ].map((id) => inSession(id.slice(0, 50), id)),
      {
        name: 'empty',
        bytes: legacyPost(pingText(1), [['Mcp-Session-Id', '']]),
        expect: refused('OMNI_SESSION_REQUIRED'),
      },
      {
        name: 'twice',
        bytes: legacyPost(pingText(1), [
          ['Mcp-Session-Id', 'a'],
          ['Mcp-Session-Id', 'b'],
        ]),
        expect: UNKNOWN_SESSION,
      },
      {
        name: 'on GET',
        bytes: requestBytes({
          method: 'GET',
          headers: [
            ['Mcp-Session-Id', 'x'],
            ['Accept', 'text/event-stream'],
          ],
        }),
        expect: UNKNOWN_SESSION,
      },
      {
        name: 'on DELETE',
        bytes: requestBytes({ method: 'DELETE', headers: [['Mcp-Session-Id', 'x']] }),
        expect: UNKNOWN_SESSION,
      },
      {
        name: 'after DELETE, and on the endpoint of another server',
        run: async ({ open, send, load }) => {
          const before = (await load()).sessions;
          const ended = await open();
          const bytes = ended.bytes(pingText(1));
          await ended.end();
          const gone = await send(bytes);
          const scoped = await open({ path: '/mcp/echo' });
          const elsewhere = await send(
            Buffer.from(
              scoped.bytes(pingText(1)).toString('latin1').replace('/mcp/echo', '/mcp/good'),
              'latin1',
            ),
          );
          const home = await scoped.post(pingText(1));
          await scoped.end();
          const after = (await load()).sessions;
          const statuses = [gone, elsewhere, home].map(({ answers }) => answers[0]?.status).join();
          return statuses === '404,404,200' && after === before
            ? []
            : [`${statuses}, ${before} sessions before and ${after} after`];
        },
      },
    ],
  },
  {
    id: 'H29',
    title: 'Last-Event-ID',
    cases: [
      {
        name: 'of nobody, of the future: no message comes',
        run: async (context) => {
          const problems: string[] = [];
          for (const id of ['0', '999999', '-1', 'x'.repeat(5_000), '__proto__', "1' OR '1'='1"]) {
            problems.push(...(await resumed(context, await context.open(), id)));
          }
          return problems;
        },
      },
      {
        name: 'of another session: none of its messages comes',
        run: async (context) => {
          const other = await context.open();
          const flood = `{"count":5,"bytes":3},"_meta":{"progressToken":"of another"}`;
          const { answers } = await other.post(legacyCallText(1, 'echo__flood', flood));
          const ids = [...(answers[0]?.body.toString() ?? '').matchAll(/^id: ?(.+)$/gm)].map(
            ([, id = '']) => id,
          );
          const heard = answers[0]?.body.includes('of another') === true;
          const own = await context.open();
          const problems: string[] = [];
          for (const id of ids) problems.push(...(await resumed(context, own, id)));
          return heard ? problems : ['the other session heard nothing itself', ...problems];
        },
      },
      {
        name: 'without a session',
        bytes: requestBytes({
          method: 'GET',
          headers: [
            ['Last-Event-ID', '1'],
            ['Accept', 'text/event-stream'],
          ],
        }),
        expect: refused('OMNI_METHOD_NOT_ALLOWED'),
      },
    ],
    note: 'An id that is not of the session leads to a stream without a message, or to a refusal of the table: both are fine.',
  },
  {
    id: 'H30',
    title: 'progress tokens',
    cases: [
      ...[
        '{}',
        '[]',
        'null',
        'true',
        '1.5',
        '""',
        `"${'t'.repeat(100_000)}"`,
        '9007199254740993',
        '"__proto__"',
      ].map((token) =>
        headed(
          `token ${token.slice(0, 20)}`,
          [],
          exact('"v":1,'),
          callText({ meta: `,"progressToken":${token}` }),
        ),
      ),
      {
        name: 'the same token of two clients at once: each hears of its own call only',
        run: async ({ send }) => {
          const ask = (count: number): Buffer =>
            modernPost(
              callText({
                id: String(count),
                name: '"echo__flood"',
                args: `{"count":${count},"bytes":1}`,
                meta: ',"progressToken":"same"',
              }),
              [['Mcp-Name', 'echo__flood']],
            );
          const answers = await Promise.all([3, 5, 7].map((count) => send(ask(count))));
          const heard = answers.map(
            ({ answers: [one] }) => one?.body.toString().match(/"progressToken":"same"/g)?.length ?? 0,
          );
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
          const running = own.ask(legacyCallText(5, 'echo__hold'));
          await until(() => context.tally('e') > started);
          for (const id of ['5', '"5"', '6', 'null', '{}', '5.0', '1e999', `"${'i'.repeat(100_000)}"`])
            await other.post(
              `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`,
            );
          for (const params of ['{}', '{"requestId":[5]}', '{"requestId":"5"}', '{"requestId":5.0}'])
            await own.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`);
          await own.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}');
          const later = await own.ask(legacyCallText(9, 'echo__echo', echoed('"not cancelled"')));
          const isHeld = context.tally('c') === cancelled;
          await own.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}');
          await running;
          const isCancelled = await until(() => context.tally('c') === cancelled + 1);
          return [
            ...(isHeld ? [] : ['somebody else ended the call']),
            ...(later.includes('not cancelled') ? [] : [`cancelled before it came: ${later}`]),
            ...(isCancelled ? [] : ['the server was not told']),
          ];
        },
      },
      {
        name: '2,000 in a row',
        run: async ({ open, send }) => {
          const session = await open();
          const one = session.bytes(
            '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
          );
          const { answers } = await send(Buffer.concat(Array.from({ length: 2_000 }, () => one)), {
            answers: 2_000,
          });
          return answers.length === 2_000 && answers.every(({ status }) => status === 202)
            ? []
            : [`${answers.length} answers`];
        },
      },
      {
        name: 'in the modern era, where closing cancels',
        bytes: modernRequest('notifications/cancelled'),
        expect: refused('OMNI_METHOD_UNKNOWN'),
      },
    ],
  },
];
