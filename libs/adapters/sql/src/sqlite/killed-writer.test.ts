import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLogger, systemClock } from '@omni/ports';
import { openStore } from '../open-store.ts';
import { checkStore } from './store-files.ts';

const WRITER = fileURLToPath(new URL('./batch-writer.fixture.ts', import.meta.url));
/** As many as `npm test` has time for; OMNI_STORE_KILLS makes them more. */
const KILLS = Number(process.env['OMNI_STORE_KILLS'] ?? 20);
const MAX_BATCHES = 60;
const OPEN_MS = 1_000;

jest.setTimeout(KILLS * 10_000);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-killed-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Life {
  /** What it takes to open what the one before has left. */
  readonly openMs: number;
  /** Numbers of the batches that were acknowledged. */
  readonly written: readonly number[];
}

/** A process that is killed after so many acknowledgements, in whatever it does then. */
async function live(first: number, acknowledgements: number): Promise<Life> {
  const writer = spawn(
    process.execPath,
    ['--conditions=@omni/source', '--disable-warning=ExperimentalWarning', WRITER, folder, String(first)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(writer, 'exit');
  const written: number[] = [];
  let openMs = Infinity;
  for await (const line of createInterface(writer.stdout)) {
    if (line.startsWith('open ')) openMs = Number(line.slice('open '.length));
    else written.push(Number(line));
    if (written.length >= acknowledgements) writer.kill('SIGKILL');
  }
  await ended;
  return { openMs, written };
}

describe('a process that is killed while it writes', () => {
  it('loses no acknowledged batch and writes none twice', async () => {
    const acknowledged: number[] = [];
    const openings: number[] = [];
    let next = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const { openMs, written } = await live(next, Math.ceil(Math.random() * MAX_BATCHES));
      acknowledged.push(...written);
      openings.push(openMs);
      // The one that was under way may be written, or not: its key settles it.
      next = (acknowledged.at(-1) ?? -1) + 1;
    }
    expect((await checkStore(join(folder, 'omni.db'))).problems).toEqual([]);
    const store = await openStore(
      { url: 'sqlite:', schema: 'omni', stateFolder: folder },
      { clock: systemClock, logger: silentLogger },
    );
    const kept = (await store.pendingEvents(1_000_000)).map(({ event }) => event);
    const { epoch } = store;
    await store.close();
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept).toEqual(expect.arrayContaining(acknowledged.map((number) => `event ${number}`)));
    expect(kept.length - acknowledged.length).toBeLessThanOrEqual(1);
    expect(epoch).toBe(KILLS + 1);
    expect(openings.toSorted((one, other) => one - other)[Math.floor(openings.length / 2)]).toBeLessThan(
      OPEN_MS,
    );
  });
});
