import * as z from 'zod/mini';

/** What modes are about; extensions are methods of servers' own, operations Omni's management. */
export type TargetKind = 'tools' | 'resources' | 'prompts' | 'extensions' | 'operations';
export const TARGET_KINDS: readonly TargetKind[] = [
  'tools',
  'resources',
  'prompts',
  'extensions',
  'operations',
];

/** What a call may change at most; each tier has those before it. */
export type Tier = 'read' | 'write' | 'destructive';
export const TIERS: readonly Tier[] = ['read', 'write', 'destructive'];

/** The tenant of servers and bindings that name none. */
export const DEFAULT_TENANT = 'default';

/** The one who makes a call, where a rule names who approves it. */
export const APPROVER_USER = 'user';

/** How clients prove who they are. */
const PRINCIPAL_KINDS = ['token', 'certificate', 'anonymous', 'local', 'identity', 'proxy', 'key'] as const;

const MAX_ENTRIES = 1_000;

const NameSchema = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$/,
      'must be 1 to 64 letters, digits and ._/:-, and begin with a letter or digit',
    ),
  );

const PatternsSchema = z.array(z.string().check(z.maxLength(256))).check(z.maxLength(MAX_ENTRIES));

const ScopeSchema = z.union([
  z.enum(['all', 'none']),
  z.strictObject({ allow: PatternsSchema }),
  z.strictObject({ deny: PatternsSchema }),
]);

const TierSchema = z.enum(TIERS);

const modeOf = (what: string): z.ZodMiniDefault<typeof ScopeSchema> =>
  z
    ._default(ScopeSchema, 'none')
    .check(
      z.describe(
        `Which ${what} the rule is about: all, none, {allow: patterns} or all but {deny: patterns}. "*" stands for any text.`,
      ),
    );

const RuleSchema = z.strictObject({
  id: NameSchema.check(z.describe('Names the rule in explanations; no two are alike.')),
  effect: z
    .enum(['allow', 'deny', 'ask'])
    .check(z.describe('deny beats ask, and ask beats allow. What no rule allows is denied.')),
  roles: z
    .optional(z.array(NameSchema).check(z.minLength(1), z.maxLength(MAX_ENTRIES)))
    .check(
      z.describe(
        'Whom the rule is about: whoever has one of these roles in the tenant of the server. Absent: everybody who has a role there.',
      ),
    ),
  servers: z
    ._default(ScopeSchema, 'all')
    .check(z.describe('On which servers: all, none, {allow: patterns} or all but {deny: patterns}.')),
  tools: modeOf('tools'),
  resources: modeOf('resources, by URI,'),
  prompts: modeOf('prompts'),
  extensions: modeOf('methods of the servers’ own'),
  operations: modeOf('management operations, omni:area.act,'),
  from: z
    ._default(TierSchema, 'read')
    .check(z.describe('The lowest tier that the rule is about: read, write or destructive.')),
  upTo: z
    ._default(TierSchema, 'destructive')
    .check(z.describe('The highest tier that the rule is about; lower ones are with it.')),
  when: z
    .optional(z.string().check(z.minLength(1), z.maxLength(2_000)))
    .check(
      z.describe(
        'CEL over principal, target, annotations, args and now; one that fails or costs too much denies the call.',
      ),
    ),
  approver: z
    ._default(NameSchema, APPROVER_USER)
    .check(
      z.describe('Who approves what an ask rule holds: "user", the user who calls, or the name of a role.'),
    ),
});

const ScalarSchema = z.union([z.string(), z.number(), z.boolean()]);

const BindingSchema = z.strictObject({
  roles: z.array(NameSchema).check(z.minLength(1), z.maxLength(MAX_ENTRIES), z.describe('What is held.')),
  tenant: z
    ._default(NameSchema, DEFAULT_TENANT)
    .check(z.describe('Where the roles are held. They count on servers of this tenant alone.')),
  principals: z
    .optional(PatternsSchema)
    .check(z.describe('Patterns of ids. A principal must fit every one of these four that is there.')),
  kinds: z
    .optional(z.array(z.enum(PRINCIPAL_KINDS)))
    .check(z.describe('How principals have shown who they are.')),
  groups: z.optional(PatternsSchema).check(z.describe('Patterns; one group that fits is enough.')),
  claims: z
    .optional(z.record(z.string(), ScalarSchema))
    .check(z.describe('Claims that have this value, or a list with it.')),
});

const TierEntrySchema = z.strictObject({
  servers: z._default(ScopeSchema, 'all').check(z.describe('On which servers.')),
  tools: modeOf('tools'),
  extensions: modeOf('methods of the servers’ own'),
  tier: TierSchema.check(z.describe('What they may change at most, whatever their server says.')),
});

const TestSchema = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(200), z.describe('What is promised.')),
  principal: z
    .strictObject({
      id: z.string().check(z.minLength(1)),
      kind: z._default(z.enum(PRINCIPAL_KINDS), 'token'),
      groups: z.optional(z.array(z.string())),
      claims: z.optional(z.record(z.string(), z.unknown())),
    })
    .check(z.describe('Who calls.')),
  kind: z._default(z.enum(TARGET_KINDS), 'tools').check(z.describe('What kind of thing is called.')),
  server: z._default(z.string(), '').check(z.describe('On which server; none for a management operation.')),
  call: z.string().check(z.describe('Name, URI or method, as the server calls it.')),
  tenant: z._default(NameSchema, DEFAULT_TENANT).check(z.describe('Of the server.')),
  tier: z
    .optional(TierSchema)
    .check(z.describe('What trusted annotations say. Absent: nothing, so the tool counts as destructive.')),
  arguments: z.optional(z.record(z.string(), z.unknown())).check(z.describe('Default: none.')),
  at: z
    ._default(
      z
        .string()
        .check(
          z.refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time such as 2026-01-01T00:00:00Z'),
        ),
      '2026-01-01T00:00:00Z',
    )
    .check(z.describe('When.')),
  expect: z.enum(['allow', 'deny', 'ask']).check(z.describe('What must come of it.')),
});

const ConfinementSchema = z.strictObject({
  roots: z
    ._default(z.array(z.string().check(z.minLength(1))).check(z.maxLength(MAX_ENTRIES)), ['.'])
    .check(
      z.describe(
        'Folders that paths in arguments may lead into; "." is the folder that a server runs in. safe-defaults goes by it.',
      ),
    ),
});

/** What a policy is written as. */
export const PolicySchema = z.strictObject({
  use: z
    ._default(z.array(z.enum(['safe-defaults'])), [])
    .check(z.describe('Named policies whose rules come before those of this one.')),
  bindings: z
    ._default(z.array(BindingSchema).check(z.maxLength(MAX_ENTRIES)), [])
    .check(z.describe('Who has which roles, where.')),
  rules: z
    ._default(z.array(RuleSchema).check(z.maxLength(MAX_ENTRIES)), [])
    .check(z.describe('Who may do what.')),
  tiers: z
    ._default(z.array(TierEntrySchema).check(z.maxLength(MAX_ENTRIES)), [])
    .check(z.describe('Tiers of tools, as the operator knows them; the first entry that fits counts.')),
  paths: z.prefault(ConfinementSchema, {}).check(z.describe('Where paths in arguments may lead.')),
  tokenBudget: z
    .optional(z.int().check(z.minimum(1)))
    .check(
      z.describe(
        'Most tokens that one result should cost a model. Declared for whoever delivers results; decisions do not read it. safe-defaults: 25000.',
      ),
    ),
  maxCost: z
    ._default(z.int().check(z.minimum(1), z.maximum(10_000_000)), 100_000)
    .check(z.describe('Highest cost of one condition, in steps of its evaluation.')),
  tests: z
    ._default(z.array(TestSchema).check(z.maxLength(MAX_ENTRIES)), [])
    .check(z.describe('What must hold of this policy.')),
});

/** What a user writes. */
export type PolicyInput = z.input<typeof PolicySchema>;
/** What the code reads: every setting present. */
export type PolicyDocument = z.output<typeof PolicySchema>;
export type RuleSettings = z.output<typeof RuleSchema>;
export type BindingSettings = z.output<typeof BindingSchema>;
export type PolicyTest = z.output<typeof TestSchema>;
export type ScopeSettings = z.output<typeof ScopeSchema>;
/** What becomes of a call; `ask` holds it until somebody approves. */
export type Effect = 'allow' | 'deny' | 'ask';

/** JSON Schema (2020-12) of what a user writes. */
export function policyJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'Omni policy',
    ...z.toJSONSchema(PolicySchema, { io: 'input', target: 'draft-2020-12' }),
  };
}
