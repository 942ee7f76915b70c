import { DEFAULT_TENANT, type PolicyDocument, type RuleSettings } from './policy-schema.ts';

/** Tokens that `safe-defaults` declares for one result. */
export const SAFE_TOKEN_BUDGET = 25_000;

/** Management operations of the roles that need no rule. */
const OPERATIONS_OF_ROLES: Readonly<Record<string, readonly string[]>> = {
  viewer: ['omni:servers.read', 'omni:catalogue.read', 'omni:health.read', 'omni:events.read'],
  operator: [
    'omni:servers.*',
    'omni:overrides.*',
    'omni:catalogue.read',
    'omni:health.read',
    'omni:events.read',
  ],
  approver: ['omni:approvals.*'],
  auditor: ['omni:audit.*', 'omni:events.read'],
  admin: ['omni:*'],
};

/** The role of the owner of Omni in the default tenant, so that no policy locks its author out. */
export const OWNER_GRANT = { tenant: DEFAULT_TENANT, role: 'admin' } as const;

/** Names that need no binding to be known. */
export const BUILT_IN_ROLES: readonly string[] = Object.keys(OPERATIONS_OF_ROLES);

const NOTHING: Omit<RuleSettings, 'id' | 'effect'> = {
  servers: 'all',
  tools: 'none',
  resources: 'none',
  prompts: 'none',
  extensions: 'none',
  operations: 'none',
  from: 'read',
  upTo: 'destructive',
  approver: 'user',
};

/** The rules that stand before those of a document. */
export function builtInRules({ use, paths }: Pick<PolicyDocument, 'use' | 'paths'>): RuleSettings[] {
  const roles = Object.entries(OPERATIONS_OF_ROLES).map(([role, allow]): RuleSettings => ({
    ...NOTHING,
    id: `role:${role}`,
    effect: 'allow',
    roles: [role],
    operations: { allow: [...allow] },
  }));
  return use.includes('safe-defaults') ? [...roles, ...safeDefaults(paths.roots)] : roles;
}

function safeDefaults(roots: readonly string[]): RuleSettings[] {
  const folders = JSON.stringify(roots);
  const rule = (id: string, rest: Partial<RuleSettings> & Pick<RuleSettings, 'effect'>): RuleSettings => ({
    ...NOTHING,
    ...rest,
    id: `safe-defaults:${id}`,
  });
  return [
    rule('names', {
      effect: 'deny',
      tools: { allow: ['delete-*', 'remove-*', 'delete_*', 'remove_*'] },
    }),
    rule('read-only', { effect: 'deny', tools: 'all', extensions: 'all', from: 'write' }),
    rule('paths', { effect: 'deny', tools: 'all', prompts: 'all', when: `!confined(args, ${folders})` }),
    rule('files', {
      effect: 'deny',
      resources: { allow: ['file:*'] },
      when: `!target.name.within(${folders})`,
    }),
    rule('reading', { effect: 'allow', tools: 'all', resources: 'all', prompts: 'all', upTo: 'read' }),
  ];
}
