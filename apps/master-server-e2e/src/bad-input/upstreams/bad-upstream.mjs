/**
 * A stdio server that misbehaves: `node bad-upstream.mjs BEHAVIOUR [ARGUMENT]`. Behaviours of tools come with
 * every call, those of the process are the first argument:
 *
 * `plain` nothing · `noisy` writes what is no message, before and between · `trickle` writes byte by byte ·
 * `die` exits at once · `die-on-first` exits at the first message · `die-soon` exits after 50 ms ·
 * `die-when-ready` exits as soon as it is listed · `deaf` stops reading once it is ready · `mute` answers
 * everything but calls · `stubborn` ignores the end of its input and signals · `family` leaves processes
 * behind · `pages` and `schemas` list as the second argument says.
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { badTools, bottomlessTools } from './bad-schemas.mjs';
import { badPage } from './bad-pages.mjs';
import { readLines } from './read-lines.mjs';

const [behaviour = 'plain', argument = ''] = process.argv.slice(2);
const NOISE = [
  '',
  '\r',
  '   ',
  'Starting up…',
  '\u001b[31mred\u001b[0m',
  '{"jsonrpc":"2.0","id":',
  '[',
  'null',
  '"x"',
  '{}',
  '[[]]',
];
const PLAIN_TOOLS = [
  'echo',
  'exit',
  'signal',
  'stop',
  'flood',
  'sized',
  'broken',
  'gather',
  'order',
  'hang',
  'late',
];
const SECRET = process.env['CANARY'] ?? '';

/** @type {{ id: number, value: unknown }[]} */
let gathered = [];

if (behaviour === 'die') die(Number(argument));
if (behaviour === 'die-when-ready' || behaviour === 'die-soon') appendFileSync(argument, 's');
if (behaviour === 'die-soon') setTimeout(() => die(8), 50);
if (behaviour === 'stubborn') for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => {});
if (behaviour === 'stubborn') setInterval(() => {}, 60_000);
if (behaviour === 'family') startFamily();
if (behaviour === 'noisy') makeNoise();

/** @param {number} code */
function die(code) {
  process.stderr.write(`cannot go on, token=${SECRET}\nlast words\n`);
  process.exit(code);
}

function makeNoise() {
  process.stdout.write(`\ufeff\n${NOISE.join('\n')}\n`);
  process.stdout.write(Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x0a, 0xc3, 0x28, 0x0a]));
  process.stdout.write(`${SECRET} ${'n'.repeat(5_000)}\n`);
}

/** A child in its group that keeps stdout open, one in a session of its own, and one whose parent is gone. */
function startFamily() {
  const idle = "trap '' TERM INT HUP; while :; do sleep 1; done";
  spawn('/bin/sh', ['-c', idle], { stdio: ['ignore', 'inherit', 'ignore'] });
  spawn('/bin/sh', ['-c', idle], { stdio: 'ignore', detached: true });
  spawn('/bin/sh', ['-c', `( ${idle} ) & exit 0`], { stdio: 'ignore' });
}

/** @param {string} data */
function write(data) {
  if (behaviour !== 'trickle') {
    process.stdout.write(data);
    return;
  }
  const bytes = Buffer.from(data);
  for (let at = 0; at < bytes.length; at += 1) process.stdout.write(bytes.subarray(at, at + 1));
}

/** @param {unknown} id @param {unknown} result */
const answer = (id, result) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, result })}${behaviour === 'noisy' ? '\r' : ''}\n`;
/** @param {unknown} value */
const content = (value) => ({ resultType: 'complete', content: [], structuredContent: { value } });

/**
 * @param {number} id
 *
 * @param {string} name
 * @param {{ value?: unknown, bytes?: number, count?: number, kind?: string, ms?: number }} args
 */
function call(id, name, args) {
  switch (name) {
    case 'exit':
      die(args.bytes ?? 0);
      return;
    case 'signal':
      process.kill(process.pid, args.kind ?? 'SIGKILL');
      return;
    case 'stop':
      process.kill(process.pid, 'SIGSTOP');
      setTimeout(() => write(answer(id, content('awake'))), 0);
      return;
    case 'hang':
      return;
    case 'late':
      setTimeout(() => write(answer(id, content('late'))), args.ms ?? 0);
      return;
    case 'flood':
      write('f'.repeat(args.bytes ?? 0));
      write('\n');
      write(answer(id, content('after the flood')));
      return;
    case 'sized': {
      const empty = Buffer.byteLength(answer(id, content(''))) - 1;
      write(answer(id, content('s'.repeat((args.bytes ?? 0) - empty))));
      return;
    }
    case 'broken':
      broken(id, args.kind ?? '');
      return;
    case 'gather':
      gathered.push({ id, value: args.value });
      if (gathered.length < (args.count ?? 1)) return;
      if (args.kind === 'reversed') gathered.reverse();
      write(gathered.map((one) => answer(one.id, content(one.value))).join(''));
      gathered = [];
      return;
    default:
      write(answer(id, content(args.value)));
  }
}

/**
 * Answers that are not quite right, each followed by a right one where the first says nothing of the call.
 */
/** @param {number} id @param {string} kind */
function broken(id, kind) {
  const right = answer(id, content('right'));
  switch (kind) {
    case 'twice':
      write(right + answer(id, content('wrong')));
      return;
    case 'unknown-id':
      write(
        answer(id + 1_000_000, content('wrong')) +
          answer(-1, content('wrong')) +
          answer(0, content('wrong')) +
          right,
      );
      return;
    case 'other-type':
      write(
        answer(null, content('wrong')) +
          answer([id], content('wrong')) +
          answer({ id }, content('wrong')) +
          right,
      );
      return;
    case 'fraction':
      write(
        right.replace(`"id":${id}`, `"id":${id}.5`).replace('right', 'wrong') +
          right.replace(`"id":${id}`, `"id":${id}e1`).replace('right', 'wrong') +
          right,
      );
      return;
    case 'id-as-text':
      write(answer(String(id), content('right')));
      return;
    case 'id-as-decimal':
      write(right.replace(`"id":${id}`, `"id":${id}.0`));
      return;
    case 'both':
      write(`{"jsonrpc":"2.0","id":${id},"result":{},"error":{"code":1,"message":"m"}}\n`);
      return;
    case 'neither':
      write(`{"jsonrpc":"2.0","id":${id}}\n`);
      return;
    case 'error-text':
      write(`{"jsonrpc":"2.0","id":${id},"error":"no object"}\n`);
      return;
    case 'error-null':
      write(`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"who?"}}\n${right}`);
      return;
    case 'line-break':
      write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":{"value":"a\nb"}}}\n`);
      return;
    case 'too-deep':
      write(
        `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"x":${'['.repeat(2_000)}${']'.repeat(2_000)}}}\n`,
      );
      return;
    case 'id-twice':
      write(`{"jsonrpc":"2.0","id":${id},"id":${id + 1},"result":{}}\n${right}`);
      return;
    default:
      write(right);
  }
}

/** @param {string} line */
function serve(line) {
  if (behaviour === 'die-on-first') die(7);
  const { id, method, params } = JSON.parse(line);
  const hints = { ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
  switch (method) {
    case 'ping':
      write(answer(id, {}));
      return;
    case 'server/discover':
      write(answer(id, { ...hints, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }));
      return;
    case 'tools/list':
      if (behaviour === 'pages') write(answer(id, { ...hints, ...badPage(argument, params?.cursor) }));
      else if (behaviour === 'schemas')
        write(
          `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[${(argument === 'bottomless' ? bottomlessTools() : badTools(argument)).join(',')}]}}\n`,
        );
      else
        write(
          answer(id, {
            ...hints,
            tools: PLAIN_TOOLS.map((name) => ({ name, inputSchema: { type: 'object' } })),
          }),
        );
      if (behaviour === 'die-when-ready') setTimeout(() => die(9), 20);
      if (behaviour === 'deaf') {
        process.stdin.pause();
        setInterval(() => {}, 60_000);
      }
      return;
    case 'tools/call':
      if (behaviour === 'noisy') makeNoise();
      if (behaviour !== 'mute') call(id, params.name, params.arguments ?? {});
      return;
    default:
      if (id !== undefined)
        write(
          `${JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })}\n`,
        );
  }
}

readLines(process.stdin, serve);
