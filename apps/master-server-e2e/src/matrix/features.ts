import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../harness/eventually.ts';
import { postModern } from '../harness/raw-mcp.ts';
import type { MatrixClient } from './matrix-client.ts';

/** What a feature is tried with. */
export interface Trial {
  readonly client: MatrixClient;
  readonly url: string;
}

const NOTE = 'test://note';
const WITHIN_MS = 3_000;
const TOUCH_MS = 800;
/**
 * A call needs so long to reach its server; when it has not, there is nothing to cancel and the trial fails.
 */
const ARRIVED_MS = 150;

/** One column of the matrix each: does something and tells whether it was as it should be. */
export const FEATURES: Readonly<Record<string, (trial: Trial) => Promise<boolean>>> = {
  call: async ({ client }) => (await client.call('add', { a: 2, b: 3 })) === '5',
  'structured content': async ({ client }) =>
    isSame(await client.structured('add', { a: 2, b: 3 }), { sum: 5 }),
  progress: async ({ client }) => {
    const seen = await client.progress('count', { steps: 5 });
    // The clients of the SDKs forget progress that comes together with the answer.
    return seen.length >= 1 && isSame(seen, [1, 2, 3, 4, 5].slice(0, seen.length));
  },
  log: async ({ client }) => {
    const levels = await client.log('log');
    return await within(() => isSame(levels, ['debug', 'info', 'error']));
  },
  cancel: async ({ client }) => {
    const before = Number(await client.call('cancelled'));
    const abort = new AbortController();
    const waiting = client.call('wait', {}, abort.signal).catch(() => 'cancelled');
    await delay(ARRIVED_MS);
    abort.abort();
    return (
      (await waiting) === 'cancelled' &&
      (await within(async () => Number(await client.call('cancelled')) > before))
    );
  },
  sampling: (trial) => asks(trial, 'ask_sample', 'sampling', 'Hello!'),
  'elicitation form': (trial) => asks(trial, 'ask_form', 'elicitation form', 'accept'),
  'elicitation URL': (trial) => asks(trial, 'ask_url', 'elicitation url', 'accept'),
  roots: (trial) => asks(trial, 'ask_roots', 'roots', 'file:///work'),
  completion: async ({ client }) => isSame(await client.complete('greet', 'who', 'A'), ['Ada', 'Alan']),
  subscribe: async ({ client, url }) => {
    let updates = 0;
    await client.watch(
      NOTE,
      () => {},
      () => updates++,
    );
    // The server on SDK 1.x tells only the connection on which it changes: that of the client, or the one
    // that all share.
    const touch = async (): Promise<boolean> => {
      await client.call('touch');
      await callBySomebody(url, 'touch');
      return await within(() => updates > 0, TOUCH_MS);
    };
    // A listen is acknowledged before the server has been asked, so that a change right behind it may be
    // missed.
    return (await touch()) || (await touch()) || (await touch());
  },
  'list changed': async ({ client, url }) => {
    let changes = 0;
    await client
      .watch(
        NOTE,
        () => changes++,
        () => {},
      )
      .catch(() => {});
    // By somebody else: the instance that all share is the one whose lists count.
    await callBySomebody(url, 'toggle');
    return await within(() => changes > 0);
  },
  tasks: async ({ client: { tasks } }) => {
    if (tasks === undefined) return false;
    const done = await tasks.start('long');
    const endless = await tasks.start('never');
    const isDone =
      (await tasks.result(done)) === 'Done at last.' && (await tasks.status(done)) === 'completed';
    const listed = await tasks.list();
    const isCancelled =
      (await tasks.cancel(endless)) === 'cancelled' && (await tasks.status(endless)) === 'cancelled';
    return (
      isDone &&
      isCancelled &&
      listed.includes(done) &&
      listed.includes(endless) &&
      (await within(() => tasks.heard.includes(done)))
    );
  },
};

async function callBySomebody(url: string, name: string): Promise<void> {
  await postModern(url, { id: '1', method: 'tools/call', name, params: `"name":"${name}","arguments":{}` });
}

async function asks({ client }: Trial, tool: string, what: string, said: string): Promise<boolean> {
  const before = client.asked.length;
  const text = await client.call(tool);
  return (text?.includes(said) ?? false) && isSame(client.asked.slice(before), [what]);
}

/** Whether it becomes true in time. */
async function within(look: () => boolean | Promise<boolean>, ms = WITHIN_MS): Promise<boolean> {
  return await eventually('it', look, ms).catch(() => false);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
