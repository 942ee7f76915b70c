import { describe, expect, it } from '@jest/globals';
import { GatewayError, silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { ConfigurationReload, type ReloadCause, type ReloadOutcome } from './configuration-reload.ts';

const DEBOUNCE_MS = 300;
const BY_FILE = { author: 'file', cause: 'file' };
const BY_ADA: ReloadCause = { author: 'ada', cause: 'apply', isConfirmed: true };

/** A file in memory; its text is its hash, and what begins with `bad` is refused. */
class Scene {
  readonly clock = new VirtualClock();
  text = 'a';
  /** Rises with each write, as the time of a file does. */
  writes = 0;
  isGone = false;
  readings = 0;
  readonly inForce: string[] = [];
  readonly told: string[] = [];
  readonly reload = new ConfigurationReload<string, string>({
    read: async () => {
      this.readings++;
      if (this.isGone) throw new GatewayError('OMNI_CONFIG_UNREADABLE', 'gone');
      const { text } = this;
      return { mark: `${text} ${this.writes}`, hash: text, load: () => this.#load(text) };
    },
    hash: 'a',
    apply: async (reading, { author }) => {
      const loaded = await reading.load();
      this.inForce.push(loaded);
      return `${loaded} by ${author}`;
    },
    onOutcome: (outcome) => void this.told.push(textOf(outcome)),
    clock: this.clock,
    logger: silentLogger,
    debounceMs: DEBOUNCE_MS,
  });

  write(text: string): void {
    this.text = text;
    this.writes++;
    this.reload.changed(BY_FILE);
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
  }

  async #load(text: string): Promise<string> {
    if (text.startsWith('bad')) throw new GatewayError('OMNI_CONFIG_INVALID', text);
    return text;
  }
}

function textOf(outcome: ReloadOutcome<string>): string {
  switch (outcome.kind) {
    case 'applied':
      return outcome.applied;
    case 'unchanged':
      return 'unchanged';
    case 'refused':
      return `${outcome.error.code} over ${outcome.before}`;
  }
}

describe('sources that have changed', () => {
  it('come into force when they have stayed as they are for the debounce', async () => {
    const scene = new Scene();
    scene.write('b');
    await scene.pass(DEBOUNCE_MS - 1);
    expect(scene.inForce).toEqual([]);
    await scene.pass(1);
    expect([scene.inForce, scene.told, scene.reload.hash]).toEqual([['b'], ['b by file'], 'b']);
    await scene.pass(10 * DEBOUNCE_MS);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  // guard: reload/held
  it('are not read as they were between two writes', async () => {
    const scene = new Scene();
    for (let round = 0; round < 50; round++) {
      scene.write('half');
      await scene.pass(DEBOUNCE_MS - 10);
      scene.write(`whole ${round}`);
      await scene.pass(20);
    }
    expect(scene.inForce).toEqual([]);
    await scene.pass(2 * DEBOUNCE_MS);
    expect(scene.inForce).toEqual(['whole 49']);
  });

  it('are not read as they were when the same half was written twice', async () => {
    const scene = new Scene();
    scene.write('half');
    await scene.pass(DEBOUNCE_MS / 2);
    scene.write('whole');
    await scene.pass(DEBOUNCE_MS / 2 - 1);
    scene.write('half');
    await scene.pass(DEBOUNCE_MS - 1);
    expect(scene.inForce).toEqual([]);
    scene.write('whole');
    await scene.pass(3 * DEBOUNCE_MS);
    expect(scene.inForce).toEqual(['whole']);
  });

  it('count once, however many times somebody tells of them', async () => {
    const scene = new Scene();
    scene.write('b');
    for (let event = 0; event < 1_000; event++) scene.reload.changed(BY_FILE);
    await scene.pass(3 * DEBOUNCE_MS);
    for (let event = 0; event < 3; event++) {
      scene.reload.changed(BY_FILE);
      await scene.pass(DEBOUNCE_MS);
    }
    expect(scene.told).toEqual(['b by file']);
    expect(scene.readings).toBeLessThan(10);
  });

  it('leave what was in force where they are wrong or gone, and say so once', async () => {
    const scene = new Scene();
    scene.write('bad');
    await scene.pass(3 * DEBOUNCE_MS);
    scene.reload.changed(BY_FILE);
    await scene.pass(3 * DEBOUNCE_MS);
    scene.isGone = true;
    scene.reload.changed(BY_FILE);
    await scene.pass(3 * DEBOUNCE_MS);
    expect(scene.told).toEqual(['OMNI_CONFIG_INVALID over a', 'OMNI_CONFIG_UNREADABLE over a']);
    expect([scene.inForce, scene.reload.hash, scene.reload.lastOutcome?.kind]).toEqual([[], 'a', 'refused']);
    scene.isGone = false;
    scene.write('a');
    await scene.pass(3 * DEBOUNCE_MS);
    expect([scene.inForce, scene.reload.lastOutcome?.kind]).toEqual([[], 'unchanged']);
  });
});

describe('a reload that somebody asks for', () => {
  it('tries again what was refused', async () => {
    const scene = new Scene();
    scene.write('bad');
    await scene.pass(3 * DEBOUNCE_MS);
    const outcome = scene.reload.apply(BY_ADA);
    await scene.pass(DEBOUNCE_MS);
    expect((await outcome).kind).toBe('refused');
    expect(scene.told).toHaveLength(2);
  });

  it('comes after what is under way, with what was written before', async () => {
    const scene = new Scene();
    scene.write('b');
    const outcome = scene.reload.write(async () => scene.write('c'), BY_ADA);
    await scene.pass(5 * DEBOUNCE_MS);
    expect(textOf(await outcome)).toBe('c by ada');
    expect(scene.inForce).toEqual(['b', 'c']);
  });

  it('ends with an error where Omni stops', async () => {
    const scene = new Scene();
    const outcome = scene.reload.apply(BY_ADA);
    await scene.pass(1);
    await scene.reload.close();
    await expect(outcome).rejects.toMatchObject({ code: 'OMNI_SHUTTING_DOWN' });
    await expect(scene.reload.apply(BY_ADA)).rejects.toMatchObject({ code: 'OMNI_SHUTTING_DOWN' });
    scene.write('b');
    await scene.pass(3 * DEBOUNCE_MS);
    expect([scene.inForce, scene.clock.pendingTimers]).toEqual([[], 0]);
  });

  it('waits for no debounce that begins while it stops', async () => {
    const scene = new Scene();
    scene.write('b');
    await scene.reload.close();
    expect([scene.inForce, scene.clock.pendingTimers]).toEqual([[], 0]);
  });

  // guard: reload/write-while-stopping
  it('writes nothing while it stops', async () => {
    const scene = new Scene();
    scene.write('b');
    let isWritten = false;
    const write = async (): Promise<void> => void (isWritten = true);
    const written = scene.reload.write(write, BY_ADA).catch((error: unknown) => error);
    await scene.reload.close();
    expect(await written).toMatchObject({ code: 'OMNI_SHUTTING_DOWN' });
    expect(isWritten).toBe(false);
  });
});
