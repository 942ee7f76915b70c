import { GatewayError } from '@omni/ports';
import { Condition } from '../conditions/condition.ts';
import {
  type Effect,
  type RuleSettings,
  type TargetKind,
  type Tier,
  TIERS,
} from '../document/policy-schema.ts';
import { Scope } from '../patterns/scope.ts';
import type { Layer, PolicyTarget } from '../policy-request.ts';

/** A rule with its patterns and its condition compiled. */
export class CompiledRule {
  readonly id: string;
  readonly effect: Effect;
  /** Absent: whoever has a role in the tenant. */
  readonly roles: ReadonlySet<string> | undefined;
  readonly servers: Scope;
  readonly scopes: Readonly<Record<TargetKind, Scope>>;
  readonly lowest: number;
  readonly highest: number;
  readonly condition: Condition | undefined;
  readonly approver: string;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when its condition is none. */
  constructor(settings: RuleSettings) {
    this.id = settings.id;
    this.effect = settings.effect;
    this.roles = settings.roles && new Set(settings.roles);
    this.servers = new Scope(settings.servers);
    const { tools, resources, prompts, extensions, operations } = settings;
    this.scopes = {
      tools: new Scope(tools),
      resources: new Scope(resources),
      prompts: new Scope(prompts),
      extensions: new Scope(extensions),
      operations: new Scope(operations),
    };
    this.lowest = TIERS.indexOf(settings.from);
    this.highest = TIERS.indexOf(settings.upTo);
    this.condition = settings.when === undefined ? undefined : conditionOf(settings.id, settings.when);
    this.approver = settings.approver;
  }

  isFor(roles: ReadonlySet<string>): boolean {
    if (this.roles === undefined) return true;
    for (const role of this.roles) if (roles.has(role)) return true;
    return false;
  }

  isAbout({ kind, server, name }: PolicyTarget): boolean {
    return this.scopes[kind].has(name) && this.servers.has(server);
  }

  hasTier(tier: Tier): boolean {
    const at = TIERS.indexOf(tier);
    return at >= this.lowest && at <= this.highest;
  }
}

/** Rules in the order in which they speak: those that deny, those that ask, those that allow. */
export function inOrder(rules: readonly CompiledRule[]): readonly CompiledRule[] {
  const EFFECTS: readonly Effect[] = ['deny', 'ask', 'allow'];
  return EFFECTS.flatMap((effect) => rules.filter((rule) => rule.effect === effect));
}

/** Sentences for what rules and layers have decided. */
export function reasonOf(layer: Layer, rule: CompiledRule | undefined): string {
  if (layer === 'condition') return `The condition of rule "${rule?.id}" failed or would cost too much.`;
  if (rule === undefined) return 'No rule allows it.';
  switch (rule.effect) {
    case 'deny':
      return `Rule "${rule.id}" denies it.`;
    case 'ask':
      return `Rule "${rule.id}" holds it until ${rule.approver} approves.`;
    case 'allow':
      return `Rule "${rule.id}" allows it.`;
  }
}

function conditionOf(id: string, when: string): Condition {
  try {
    return new Condition(when);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError('OMNI_CONFIG_INVALID', `Rule "${id}": ${error.message}`, { cause: error });
  }
}
