import type { ToolHints } from '@omni/model';
import type { PolicyDocument, Tier } from '../document/policy-schema.ts';
import { Scope } from '../patterns/scope.ts';
import type { PolicyTarget } from '../policy-request.ts';

/** Tiers of calls: by the operator, by annotations that count, or the highest. */
export class TierTable {
  readonly #entries: readonly {
    readonly servers: Scope;
    readonly tools: Scope;
    readonly extensions: Scope;
    readonly tier: Tier;
  }[];

  constructor(tiers: PolicyDocument['tiers']) {
    this.#entries = tiers.map(({ servers, tools, extensions, tier }) => ({
      servers: new Scope(servers),
      tools: new Scope(tools),
      extensions: new Scope(extensions),
      tier,
    }));
  }

  of(target: PolicyTarget): Tier {
    const { kind, server, name } = target;
    if (kind === 'resources' || kind === 'prompts') return 'read';
    if (kind === 'operations') return 'destructive';
    for (const entry of this.#entries)
      if (entry.servers.has(server) && entry[kind].has(name)) return entry.tier;
    const hints = hintsOf(target);
    if (hints === undefined) return 'destructive';
    return hints.isReadOnly ? 'read' : hints.isDestructive ? 'destructive' : 'write';
  }
}

/** Annotations that count; those of a server that is not trusted, or that are not approved, do not. */
export function hintsOf({ hints, trustsHints }: PolicyTarget): ToolHints | undefined {
  return /* guard: policy/untrusted-hints */ trustsHints === true ? hints : undefined;
}
