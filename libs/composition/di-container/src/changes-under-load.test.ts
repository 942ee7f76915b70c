import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import type { GatewayUpstream } from './gateway-options.ts';

const CHANGES = 200;
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];
const VARIANTS = 3;
/** Calls per change to each server that is on. */
const CALLS = 3;

/** A run is repeated by its seed: `OMNI_SEED=4711 npm test`. */
const SEED = Number(process.env['OMNI_SEED'] ?? Date.now() % 1_000_000);

/** Uniform in 0 ≤ x < 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface LoadCall {
  readonly name: string;
  /** How often its server had been added, replaced or switched by then. */
  readonly life: number;
  /**
   * Whether its server had answered in this life: whatever happens to others, and to it afterwards, the call
   * succeeds.
   */
  readonly isSteady: boolean;
  answer: string | undefined;
}

function isAnswered({ name, answer }: LoadCall): boolean {
  return answer?.includes(`"text":"${name} `) === true;
}

interface Entry {
  readonly variant: number;
  readonly spec: GatewayUpstream;
}

/** Changes at random which servers there are, while clients call them. */
class Load {
  readonly clock = new VirtualClock();
  readonly scene = new GatewayScene([], this.clock);
  /** By name and variant: each is a definition of its own. */
  readonly servers: ReadonlyMap<string, readonly ToolServer[]>;
  readonly calls: LoadCall[] = [];
  readonly done = { added: 0, removed: 0, replaced: 0, changed: 0, unchanged: 0 };
  entries: readonly Entry[] = [];
  /** How often each server has come into force. */
  readonly wanted = new Map<ToolServer, number>();
  readonly #lives = new Map<string, number>();
  /** The life in which each server has answered last. */
  readonly #answeredIn = new Map<string, number>();
  readonly #random = seeded(SEED);
  readonly #clients: readonly SceneClient[];

  constructor() {
    this.servers = new Map(NAMES.map((name) => [name, this.#variantsOf(name)]));
    this.#clients = [new SceneClient(this.scene.server), new SceneClient(this.scene.server)];
  }

  async run(): Promise<void> {
    await this.scene.start();
    for (let change = 0; change < CHANGES; change++) {
      this.#call();
      // Calls are under way while the definitions change, and others come while servers start.
      await this.clock.advanceAsync(this.#below(40));
      const wereOn = new Set(this.entries.filter(({ spec }) => spec.enabled).map(({ spec }) => spec.name));
      const before = this.entries;
      this.entries = this.#changed();
      this.#countWanted(before);
      const changes = await this.scene.server.apply(this.entries.map(({ spec }) => spec));
      for (const kind of Object.keys(this.done) as (keyof typeof this.done)[])
        // Holds: the kinds of changes are the members of both.
        this.done[kind] += changes[kind].length;
      const areOn = new Set(this.entries.filter(({ spec }) => spec.enabled).map(({ spec }) => spec.name));
      const switched = changes.changed.filter((name) => wereOn.has(name) !== areOn.has(name));
      for (const name of [...changes.added, ...changes.removed, ...changes.replaced, ...switched])
        this.#lives.set(name, this.#lifeOf(name) + 1);
      this.#call();
      // Now and then long enough for a reading that waits its turn.
      await this.clock.advanceAsync(this.#below(10) === 0 ? 1_500 : this.#below(120));
    }
    await this.scene.quiet();
  }

  #variantsOf(name: string): readonly ToolServer[] {
    return Array.from({ length: VARIANTS }, (_, variant) => {
      const tools = Array.from({ length: 1 + this.#below(3) }, (_one, index) => `t${variant}${index}`);
      const era = this.#below(2) === 0 ? 'legacy' : 'modern';
      const answersAfterMs = this.#below(60);
      return new ToolServer({ clock: this.clock, name, tools: ['echo', ...tools], era, answersAfterMs });
    });
  }

  /** Calls every server that is on. */
  #call(): void {
    for (const { spec } of this.entries) {
      if (!spec.enabled) continue;
      for (let count = 0; count < CALLS; count++) {
        const life = this.#lifeOf(spec.name);
        const isSteady = this.#answeredIn.get(spec.name) === life;
        const call: LoadCall = { name: spec.name, life, isSteady, answer: undefined };
        this.calls.push(call);
        const client = this.#clients[count % this.#clients.length];
        void client?.modern('tools/call', { name: `${spec.name}__echo`, arguments: {} }).then((answer) => {
          call.answer = answer;
          if (isAnswered(call))
            this.#answeredIn.set(spec.name, Math.max(life, this.#answeredIn.get(spec.name) ?? 0));
        });
      }
    }
  }

  #countWanted(before: readonly Entry[]): void {
    for (const { variant, spec } of this.entries) {
      const was = before.find((entry) => entry.spec.name === spec.name);
      const server = this.servers.get(spec.name)?.[variant];
      const isNew = spec.enabled && (was?.variant !== variant || !was.spec.enabled);
      if (isNew && server !== undefined) this.wanted.set(server, 1 + (this.wanted.get(server) ?? 0));
    }
  }

  #lifeOf(name: string): number {
    return this.#lives.get(name) ?? 0;
  }

  #changed(): readonly Entry[] {
    const entries = [...this.entries];
    for (let count = 1 + this.#below(3); count > 0; count--) {
      const at = this.#below(entries.length);
      const entry = entries[at];
      const free = NAMES.filter((name) => !entries.some(({ spec }) => spec.name === name));
      const act = this.#below(6);
      if (entry === undefined || (act === 0 && free.length > 0)) {
        const name = free[this.#below(free.length)] ?? '';
        entries.splice(this.#below(entries.length + 1), 0, this.#entryOf(name, this.#below(VARIANTS)));
      } else if (act === 1 && entries.length > 2) entries.splice(at, 1);
      else if (act === 2) entries[at] = this.#entryOf(entry.spec.name, (entry.variant + 1) % VARIANTS);
      else if (act === 3) entries.push(...entries.splice(at, 1));
      else if (act === 4) entries[at] = { ...entry, spec: { ...entry.spec, enabled: !entry.spec.enabled } };
      else {
        const settings = { callTimeoutMs: 30_000 + this.#below(30_000), critical: this.#below(2) === 0 };
        entries[at] = { ...entry, spec: { ...entry.spec, ...settings } };
      }
    }
    return entries;
  }

  #entryOf(name: string, variant: number): Entry {
    const server = this.servers.get(name)?.[variant];
    if (server === undefined) throw new RangeError(`there is no variant ${variant} of ${name}`);
    return { variant, spec: server.spec };
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

describe(`${CHANGES} random changes under load, seed ${SEED}`, () => {
  it('fail no call, restart nothing that is unchanged, and end like a fresh start', async () => {
    const load = new Load();
    await load.run();
    const steady = load.calls.filter(({ isSteady }) => isSteady);
    expect(steady.filter((call) => !isAnswered(call))).toEqual([]);
    expect(steady.length).toBeGreaterThan(CHANGES * CALLS);
    // Nobody is left without an answer, and nobody is told the answer of another server.
    expect(load.calls.filter(({ answer }) => answer === undefined)).toEqual([]);
    expect(
      load.calls.filter((call) => call.answer?.includes('"result"') === true && !isAnswered(call)),
    ).toEqual([]);
    // Each kind of change has come, and most servers of each change were to notice nothing.
    expect(Object.values(load.done).every((count) => count > 20)).toBe(true);
    // No process or connection more than servers that were added, replaced or switched on.
    for (const [server, count] of load.wanted) expect(server.instances.length).toBeLessThanOrEqual(count);
    expect(load.wanted.size).toBeGreaterThan(NAMES.length);

    const fresh = await new GatewayScene(
      load.entries.map(({ spec }) => spec),
      load.clock,
    ).start();
    await fresh.quiet();
    // Nobody is connected to what is switched off.
    const names = load.entries.filter(({ spec }) => spec.enabled).map(({ spec }) => spec.name);
    expect(await load.scene.everythingShown(names)).toEqual(await fresh.everythingShown(names));
    await fresh.stop();
    await load.scene.stop();
    await load.clock.advanceAsync(0);
    const open = [...load.servers.values()]
      .flat()
      .flatMap(({ instances }) => instances.filter(({ isOpen }) => isOpen));
    expect(open).toEqual([]);
    expect(load.clock.pendingTimers).toBe(0);
  });
});
