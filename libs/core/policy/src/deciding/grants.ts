import { isOwner } from '@omni/ports';
import { LRUCache } from 'lru-cache';
import { type SizedValues, sizedValues } from '../conditions/argument-values.ts';
import { OWNER_GRANT } from '../document/built-in-rules.ts';
import type { BindingSettings } from '../document/policy-schema.ts';
import { Pattern } from '../patterns/pattern.ts';
import type { PolicyPrincipal } from '../policy-request.ts';
import type { Plan } from './plan.ts';

/** Principals whose grants are remembered. */
const MAX_PRINCIPALS = 256;
/** Targets that are remembered of each of them, so that none pushes out those of others. */
export const MAX_PLANS = 256;

/** What bindings give one principal. */
export interface Grants {
  /** By tenant; no tenant is there without a role. */
  readonly roles: ReadonlyMap<string, ReadonlySet<string>>;
  /** The principal as conditions see it; `undefined` when its claims cannot be read. */
  readonly facts: (tenant: string) => SizedValues | undefined;
  /** What is known of targets that it has asked for. */
  readonly plans: Map<string, Plan>;
}

interface Remembered {
  readonly of: PolicyPrincipal;
  readonly grants: Grants;
}

/** Remembers a plan; the oldest one makes room. A map of its own kind would cost a new principal 100 µs. */
export function rememberPlan({ plans }: Grants, key: string, plan: Plan): void {
  const [oldest] = plans.size < MAX_PLANS ? [] : plans.keys();
  // guard: policy/bounded-plans
  if (oldest !== undefined) plans.delete(oldest);
  plans.set(key, plan);
}

/** Roles of principals. */
export class GrantTable {
  readonly #bindings: readonly CompiledBinding[];
  readonly #known = new LRUCache<string, Remembered>({ max: MAX_PRINCIPALS });

  constructor(bindings: readonly BindingSettings[]) {
    this.#bindings = bindings.map((binding) => new CompiledBinding(binding));
  }

  of(principal: PolicyPrincipal): Grants {
    const known = this.#known.get(principal.id);
    if (known !== undefined && /* guard: policy/changed-principal */ isSame(known.of, principal))
      return known.grants;
    const grants = this.#grantsOf(principal);
    this.#known.set(principal.id, { of: principal, grants });
    return grants;
  }

  #grantsOf(principal: PolicyPrincipal): Grants {
    const roles = new Map<string, Set<string>>();
    const grant = (tenant: string, names: readonly string[]): void => {
      const held = roles.get(tenant) ?? new Set();
      for (const name of names) held.add(name);
      roles.set(tenant, held);
    };
    if (isOwner(principal)) grant(OWNER_GRANT.tenant, [OWNER_GRANT.role]);
    for (const binding of this.#bindings) if (binding.isFor(principal)) grant(binding.tenant, binding.roles);
    const facts = new Map<string, SizedValues | undefined>();
    return {
      roles,
      facts: (tenant) => {
        if (!facts.has(tenant)) facts.set(tenant, factsOf(principal, tenant, roles.get(tenant)));
        return facts.get(tenant);
      },
      plans: new Map(),
    };
  }
}

function isSame(one: PolicyPrincipal, other: PolicyPrincipal): boolean {
  return (
    one === other || (one.kind === other.kind && one.groups === other.groups && one.claims === other.claims)
  );
}

function factsOf(
  { id, kind, groups = [], claims = {} }: PolicyPrincipal,
  tenant: string,
  roles: ReadonlySet<string> = new Set(),
): SizedValues | undefined {
  try {
    return sizedValues({ id, kind, groups, claims, tenant, roles: [...roles].sort() });
  } catch {
    // Claims that are no JSON: conditions that read the principal fail.
    return undefined;
  }
}

class CompiledBinding {
  readonly roles: readonly string[];
  readonly tenant: string;
  readonly #principals: readonly Pattern[] | undefined;
  readonly #kinds: readonly string[] | undefined;
  readonly #groups: readonly Pattern[] | undefined;
  readonly #claims: readonly (readonly [string, unknown])[];

  constructor({ roles, tenant, principals, kinds, groups, claims = {} }: BindingSettings) {
    this.roles = roles;
    this.tenant = tenant;
    this.#principals = principals?.map((text) => new Pattern(text));
    this.#kinds = kinds;
    this.#groups = groups?.map((text) => new Pattern(text));
    this.#claims = Object.entries(claims);
  }

  isFor({ id, kind, groups: own = [], claims = {} }: PolicyPrincipal): boolean {
    return (
      (this.#principals?.some((pattern) => pattern.fits(id)) ?? true) &&
      (this.#kinds?.includes(kind) ?? true) &&
      (this.#groups?.some((pattern) => own.some((group) => pattern.fits(group))) ?? true) &&
      this.#claims.every(([name, wanted]) => {
        const claim: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
        return Array.isArray(claim) ? claim.includes(wanted) : claim === wanted;
      })
    );
  }
}
