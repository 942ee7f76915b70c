/**
 * Feeds every reader and prints what each has grown by as JSON: `node --expose-gc --conditions=@omni/source
 * tools/memory/main.ts`.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { CountedByteBudget } from '@omni/ports';
import { allCuts, type Cut } from './cuts.ts';
import { buffersOf, type Growth, type ReaderUnderTest } from './reader-under-test.ts';
import { HTTP_READERS } from './readers/http-readers.ts';
import { LINE_READER } from './readers/line-reader.ts';
import { LIST_INPUTS, readLists } from './readers/list-readers.ts';
import { FedListener, SOCKET_INPUTS } from './readers/socket-readers.ts';

const COLLECTIONS = 3;
const BUDGET_BYTES = 1024 * 1024 * 1024;

/** Counts bytes and keeps pieces, as no reader may. */
const CONTROL: ReaderUnderTest = {
  name: 'control',
  feed(cut, budget) {
    const pieces: Uint8Array[] = [];
    const room = budget.of('control').share();
    let bytes = 0;
    for (const buffer of buffersOf(cut, 'x')) {
      pieces.push(buffer);
      room.hold((bytes += buffer.byteLength));
    }
    return { pieces, room };
  },
};

async function usedBytes(): Promise<number> {
  for (let round = 0; round < COLLECTIONS; round++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  // Buffers count as external memory, too.
  return heapUsed + Math.max(external, arrayBuffers);
}

async function growthOf(
  reader: string,
  cut: string,
  run: () => Promise<{ readonly kept: unknown; readonly held: () => number }>,
): Promise<Growth> {
  const before = await usedBytes();
  const { kept, held } = await run();
  const grownBytes = (await usedBytes()) - before;
  const growth = { reader, cut, grownBytes, countedBytes: held() };
  // It lives until here.
  if (kept === undefined) throw new TypeError('Nothing is kept');
  return growth;
}

function feed(reader: ReaderUnderTest, cut: Cut): Promise<Growth> {
  return growthOf(reader.name, cut.name, () => {
    const budget = new CountedByteBudget(BUDGET_BYTES);
    return Promise.resolve({ kept: reader.feed(cut, budget) ?? {}, held: () => budget.held });
  });
}

const growths: Growth[] = [];
for (const reader of [...HTTP_READERS, LINE_READER, CONTROL])
  for (const cut of allCuts()) growths.push(await feed(reader, cut));
for (const input of SOCKET_INPUTS) {
  const budget = new CountedByteBudget(BUDGET_BYTES);
  const listener = new FedListener(budget);
  await listener.open();
  growths.push(
    await growthOf(input.name, 'a socket', async () => {
      await listener.feed(input, budget);
      return { kept: listener, held: () => budget.held };
    }),
  );
  await listener.close();
}
for (const input of LIST_INPUTS)
  growths.push(
    await growthOf(input.name, 'pages', async () => {
      const { kept, budget } = await readLists(input);
      return { kept, held: () => budget.held };
    }),
  );
console.log(JSON.stringify(growths));
