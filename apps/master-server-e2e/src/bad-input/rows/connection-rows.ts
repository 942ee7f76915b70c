import type { Socket } from 'node:net';
import { AnswerReader, openSocket, type HttpAnswer } from '../raw-http.ts';
import { callText, echoed, modernPost, requestBytes, requestText } from '../request-bytes.ts';
import type { Row, RowContext } from '../row.ts';
import { until } from '../until.ts';

const SLOW_SOCKETS = 150;
const FLOOD = { count: 5_000, bytes: 10_000 };
/** Buffers of the kernel on both sides, and the megabyte that Omni may hold. */
const MAX_KEPT_BYTES = 16 * 1_048_576;

function callOf(tool: string, args: string, id = '7', meta = ''): Buffer {
  const name = `echo__${tool}`;
  return modernPost(callText({ id, name: JSON.stringify(name), args, meta }), [['Mcp-Name', name]]);
}

/** At most the good client has a request under way. */
const isIdle =
  (context: RowContext): (() => Promise<boolean>) =>
  async () =>
    (await context.load()).inFlight <= 1;

/**
 * Writes a byte now and then until the socket is closed.
 *
 * @returns The status of the answer, and when the end came.
 */
function trickle(
  socket: Socket,
  bytes: Buffer,
): Promise<{ readonly status: number | undefined; readonly afterMs: number }> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const reader = new AnswerReader();
    let at = Math.max(0, bytes.length - 60);
    socket.write(bytes.subarray(0, at));
    const timer = setInterval(() => {
      socket.write(bytes.subarray(at, at + 1));
      at += 1;
    }, 1_000);
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ status: reader.answers[0]?.status, afterMs: performance.now() - startedAt });
    });
  });
}

async function slowSockets(
  port: number,
  bytes: Buffer,
  [fromMs, toMs]: readonly [number, number],
): Promise<readonly string[]> {
  const sockets = await Promise.all(Array.from({ length: SLOW_SOCKETS }, () => openSocket(port)));
  const ends = await Promise.all(sockets.map((socket) => trickle(socket, bytes)));
  const wrong = ends.filter(({ status, afterMs }) => status !== 408 || afterMs < fromMs || afterMs > toMs);
  return wrong.length === 0
    ? []
    : [
        `${wrong.length} of ${ends.length} ended otherwise, the first with ${wrong[0]?.status} after ${Math.round(wrong[0]?.afterMs ?? 0)} ms`,
      ];
}

/** Reads a socket to the end of one answer. */
function readAnswer(socket: Socket, withinMs: number): Promise<HttpAnswer | undefined> {
  return new Promise((resolve) => {
    const reader = new AnswerReader();
    const timer = setTimeout(() => resolve(undefined), withinMs);
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      if (reader.answers.length === 0) return;
      clearTimeout(timer);
      resolve(reader.answers[0]);
    });
    socket.resume();
  });
}

/** What is wrong with the behaviour of a connection. */
export const CONNECTION_ROWS: readonly Row[] = [
  {
    id: 'H20',
    title: 'slow headers',
    isSlow: true,
    cases: [
      {
        name: `${SLOW_SOCKETS} sockets are cut after 10 s`,
        run: ({ port }) =>
          slowSockets(port, requestBytes({ body: callText() }).subarray(0, 300), [9_500, 14_000]),
      },
    ],
    note: 'The table asks for 2,000 sockets; a tenth shows the same on a small machine.',
  },
  {
    id: 'H20',
    title: 'slow bodies',
    isSlow: true,
    cases: [
      {
        name: `${SLOW_SOCKETS} sockets are cut after 30 s`,
        run: ({ port }) =>
          slowSockets(
            port,
            requestBytes({ body: callText({ args: echoed(`"${'x'.repeat(100)}"`) }) }),
            [29_500, 34_000],
          ),
      },
    ],
  },
  {
    id: 'H21',
    title: 'a reader that does not read 50 MB',
    withinMs: 20_000,
    cases: [
      {
        name: 'notifications beyond a megabyte are dropped, the answer is not',
        run: async (context) => {
          const socket = await openSocket(context.port, { isPaused: true });
          socket.pause();
          const floods = context.tally('f');
          socket.write(callOf('flood', JSON.stringify(FLOOD), '7', ',"progressToken":"slow"'));
          if (!(await until(() => context.tally('f') > floods, 15_000)))
            return ['the server could not finish: it was held back'];
          const isFree = await until(isIdle(context), 5_000);
          const answer = await readAnswer(socket, 10_000);
          socket.destroy();
          const body = answer?.body.toString() ?? '';
          return [
            ...(isFree ? [] : ['the slot was not freed']),
            ...(body.length < MAX_KEPT_BYTES ? [] : [`${body.length} bytes had been kept for the reader`]),
            ...(body.trimEnd().endsWith('}') && body.includes('"flooded"')
              ? []
              : [`the answer is not the last event: …${body.slice(-200)}`]),
          ];
        },
      },
      {
        name: 'a reader that goes away instead frees everything',
        run: async (context) => {
          const socket = await openSocket(context.port, { isPaused: true });
          socket.pause();
          socket.write(callOf('flood', JSON.stringify(FLOOD), '7', ',"progressToken":"slow"'));
          await new Promise((resolve) => setTimeout(resolve, 300));
          socket.resetAndDestroy();
          return (await until(isIdle(context), 10_000)) ? [] : ['the slot was not freed'];
        },
      },
    ],
    note: 'A whole JSON answer that is never read is bounded by limits.maxUpstreamMessageBytes and ends with the stall timeout of the listener (its unit test).',
  },
  {
    id: 'H22',
    title: 'clients that vanish',
    withinMs: 10_000,
    cases: [
      ...(['FIN', 'RST'] as const).map((how) => ({
        name: `${how} while a call runs cancels it at the server`,
        run: async (context: RowContext) => {
          const cancelled = context.tally('c');
          const running = context.tally('e');
          const socket = await openSocket(context.port);
          socket.write(callOf('hold', '{}'));
          if (!(await until(() => context.tally('e') > running, 3_000))) return ['the call did not arrive'];
          if (how === 'RST') socket.resetAndDestroy();
          else socket.destroy();
          const isCancelled = await until(() => context.tally('c') > cancelled, 3_000);
          return [
            ...(isCancelled ? [] : ['the server was not told']),
            ...((await until(isIdle(context), 3_000)) ? [] : ['the slot was not freed']),
          ];
        },
      })),
      ...(['FIN', 'RST'] as const).map((how) => ({
        name: `${how} in the middle of a subscription`,
        run: async (context: RowContext) => {
          const { listens } = await context.load();
          const socket = await openSocket(context.port);
          const body = requestText('subscriptions/listen', '"notifications":{"toolsListChanged":true},');
          socket.write(
            modernPost(body, [
              ['Mcp-Method', 'subscriptions/listen'],
              ['Mcp-Name', undefined],
            ]),
          );
          if (!(await until(async () => (await context.load()).listens > listens, 3_000)))
            return ['the subscription did not open'];
          if (how === 'RST') socket.resetAndDestroy();
          else socket.destroy();
          return (await until(async () => (await context.load()).listens === listens, 3_000))
            ? []
            : ['the subscription is still open'];
        },
      })),
      {
        name: '600 connections with one call each, closed in both ways',
        run: async (context) => {
          let wrong = 0;
          for (let round = 0; round < 30; round++) {
            const statuses = await Promise.all(
              Array.from({ length: 20 }, async (_, at) => {
                const socket = await openSocket(context.port, { isPaused: true });
                socket.write(callOf('echo', echoed(String(round * 20 + at))));
                const answer = await readAnswer(socket, 5_000);
                if (at % 2 === 0) socket.resetAndDestroy();
                else socket.destroy();
                return answer?.body.includes(`"v":${round * 20 + at},`);
              }),
            );
            wrong += statuses.filter((isRight) => isRight !== true).length;
          }
          return wrong === 0 ? [] : [`${wrong} were not answered, or not with their own answer`];
        },
      },
      {
        name: '500 connections that say nothing',
        run: async ({ port, send }) => {
          const sockets = await Promise.all(Array.from({ length: 500 }, () => openSocket(port)));
          const { answers, tookMs } = await send(modernPost(callText()));
          for (const socket of sockets) socket.destroy();
          return answers[0]?.status === 200 && tookMs < 1_000
            ? []
            : [`${answers[0]?.status} after ${Math.round(tookMs)} ms beside them`];
        },
      },
    ],
    note: 'A peer that vanishes without FIN or RST needs a packet filter; TCP keep-alive of 15 s is set on every socket.',
  },
  {
    id: 'H23',
    title: '1,000 requests in one write',
    withinMs: 15_000,
    cases: [
      {
        name: 'each gets its own answer, in order',
        run: async ({ send }) => {
          const bytes = Buffer.concat(
            Array.from({ length: 1_000 }, (_, id) => callOf('echo', echoed(`"p${id}"`), String(id))),
          );
          const { answers } = await send(bytes, { answers: 1_000 });
          const wrong = answers.findIndex(
            ({ body }, id) => !body.includes(`"id":${id},`) || !body.includes(`"v":"p${id}",`),
          );
          return answers.length === 1_000 && wrong < 0
            ? []
            : [`${answers.length} answers, the first wrong one is number ${wrong}`];
        },
      },
      {
        name: 'and an abort in the middle leaves nothing',
        run: async (context) => {
          const { port } = context;
          const socket = await openSocket(port, { isPaused: true });
          const bytes = Buffer.concat(
            Array.from({ length: 1_000 }, (_, id) =>
              callOf(id % 10 === 9 ? 'hold' : 'echo', echoed(`"p${id}"`), String(id)),
            ),
          );
          const reader = new AnswerReader();
          await new Promise<void>((resolve) => {
            socket.on('data', (chunk: Buffer) => {
              reader.push(chunk);
              if (reader.answers.length >= 5) resolve();
            });
            socket.write(bytes.subarray(0, bytes.length / 2));
          });
          socket.resetAndDestroy();
          const wrong = reader.answers.findIndex(({ body }, id) => !body.includes(`"v":"p${id}",`));
          return [
            ...(wrong < 0 ? [] : [`answer ${wrong} is another's`]),
            ...((await until(isIdle(context), 5_000)) ? [] : ['requests are left']),
          ];
        },
      },
    ],
  },
];
