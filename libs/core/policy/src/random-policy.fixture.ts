import type { PolicyInput } from './document/policy-schema.ts';
import type { PolicyPrincipal, PolicyRequest, PolicyTarget } from './policy-request.ts';
import { CONDITIONS } from './reference-evaluator.fixture.ts';

/** Random policies and requests that often concern each other. */
export class RandomPolicies {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  policy(): PolicyInput {
    const bindings = this.#several(1, 4, () => ({
      roles: this.#several(1, 2, () => this.#one(ROLES)),
      ...(this.#chance(0.4) && { tenant: this.#one(TENANTS) }),
      ...this.#one([
        { principals: ['*'] },
        { principals: ['alice', 'b*'] },
        { kinds: ['token' as const, 'anonymous' as const] },
        { groups: ['dev*'] },
        { claims: { team: 'core' } },
      ]),
    }));
    const roles = bindings.flatMap((binding) => binding.roles);
    const rules = this.#several(0, 6, (at) => ({
      id: `rule-${at}`,
      effect: this.#one(['allow', 'allow', 'deny', 'ask'] as const),
      ...(this.#chance(0.5) && { roles: this.#several(1, 2, () => this.#one(roles)) }),
      ...(this.#chance(0.4) && { servers: this.#scope(SERVERS) }),
      [this.#one(KINDS)]: this.#scope(NAMES),
      tools: this.#chance(0.3) ? ('all' as const) : this.#scope(NAMES, true),
      ...(this.#chance(0.3) && { upTo: this.#one(TIER_NAMES) }),
      ...(this.#chance(0.2) && { from: this.#one(TIER_NAMES) }),
      ...(this.#chance(0.5) && { when: this.#one(Object.keys(CONDITIONS)) }),
    }));
    const tiers = this.#several(0, 2, () => ({
      tools: this.#scope(NAMES),
      ...(this.#chance(0.5) && { servers: this.#scope(SERVERS) }),
      tier: this.#one(TIER_NAMES),
    }));
    return { bindings, rules, tiers };
  }

  request(): PolicyRequest {
    const args = {
      ...(this.#chance(0.7) && { n: this.#one([1, 2, 4]) }),
      ...(this.#chance(0.5) && { path: this.#one<unknown>(['/srv/a', '/etc/a', 7]) }),
      ...(this.#chance(0.5) && { list: this.#one<unknown>([[], ['x'], ['y', 'x'], 'x']) }),
    };
    return {
      principal: this.principal(),
      target: this.target(),
      ...(this.#chance(0.9) && { argumentsText: JSON.stringify(args) }),
      nowMs: this.#one([Date.parse('2026-01-01'), Date.parse('2026-12-01')]),
    };
  }

  principal(): PolicyPrincipal {
    return {
      id: this.#one(['alice', 'bob', 'eve']),
      kind: this.#one(['token', 'certificate', 'anonymous'] as const),
      ...(this.#chance(0.5) && { groups: this.#one([['dev'], ['dev-ops', 'x'], ['sales']]) }),
      ...(this.#chance(0.5) && {
        claims: this.#one<Record<string, unknown>>([
          { team: 'core', level: 1 },
          { team: ['core', 'web'], level: 2 },
          { team: 'web' },
        ]),
      }),
    };
  }

  target(): PolicyTarget {
    const isReadOnly = this.#chance(0.4);
    return {
      kind: this.#one(KINDS),
      server: this.#one(SERVERS),
      name: this.#one(NAMES),
      ...(this.#chance(0.4) && { tenant: this.#one(TENANTS) }),
      ...(this.#chance(0.7) && {
        hints: { isReadOnly, isIdempotent: isReadOnly, isDestructive: !isReadOnly && this.#chance(0.5) },
      }),
      ...(this.#chance(0.7) && { trustsHints: this.#chance(0.7) }),
    };
  }

  #scope(names: readonly string[], isPartly = false) {
    const patterns = this.#several(1, 3, () => {
      const name = this.#one(names);
      return this.#one([
        name,
        '*',
        `${name.slice(0, 3)}*`,
        `*${name.slice(-4)}`,
        `${name[0]}*${name.at(-1)}`,
      ]);
    });
    if (!isPartly && this.#chance(0.3)) return this.#one(['all', 'none'] as const);
    return this.#chance(0.7) ? { allow: patterns } : { deny: patterns };
  }

  #several<Item>(least: number, most: number, make: (at: number) => Item): Item[] {
    return Array.from({ length: least + Math.floor(this.#next() * (most - least + 1)) }, (_, at) => make(at));
  }

  #one<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#next() * items.length)] as Item;
  }

  #chance(share: number): boolean {
    return this.#next() < share;
  }

  /** Mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

const ROLES = ['reader', 'writer', 'maker'];
const TENANTS = ['default', 'acme', 'globex'];
const SERVERS = ['github', 'files', 'search'];
const NAMES = ['read_file', 'write_file', 'delete-repo', 'search', 'file:///srv/a'];
const KINDS = ['tools', 'tools', 'tools', 'resources', 'prompts', 'extensions', 'operations'] as const;
const TIER_NAMES = ['read', 'write', 'destructive'] as const;
