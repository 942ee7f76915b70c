const NOTE =
  '<!-- Generated from libs/core/config-manager/src/schema by tools/generators/settings.ts. Change the schema instead. -->';
const INTRODUCTION = `\
Every setting in Omni's own spelling: its key, what it takes, its default, what it means. Durations are a whole number and a unit
(\`1500ms\`, \`30s\`, \`5m\`, \`2h\`); under the same key with \`Ms\` a bare number of milliseconds stands for one. \`omni config explain KEY\`
says the same of a running configuration, with who has set it.`;

/** The parts of a JSON Schema that pages are made of. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

/**
 * The pages of `docs/configuration/reference`: an overview, and one page per root key.
 *
 * @param schema - JSON Schema of a configuration.
 * @returns File name to Markdown, formatted as Prettier would.
 */
export function settingPages(schema: Schema): ReadonlyMap<string, string> {
  const sections = Object.entries(schema.properties ?? {}).filter(([key]) => key !== '$schema');
  return new Map([
    ['README.md', overview(sections)],
    ...sections.map(([key, section]): [string, string] => [
      `${key}.md`,
      `# ${key}\n\n${NOTE}\n\n${blocksOf(key, section).join('\n\n')}\n\n[All settings](README.md)\n`,
    ]),
  ]);
}

function overview(sections: readonly (readonly [string, Schema])[]): string {
  const lines = sections.map(
    ([key, { description = '' }]) => `- [${key}](${key}.md): ${inline(description)}`,
  );
  return `# Settings\n\n${NOTE}\n\n${INTRODUCTION}\n\n${lines.join('\n')}\n`;
}

/** What stands below the heading of a setting, and those of the settings in it. */
function blocksOf(key: string, schema: Schema): readonly string[] {
  const facts = [kindOf(schema), boundsOf(schema), defaultOf(schema)].filter((fact) => fact !== '');
  return [
    ...(schema.description === undefined ? [] : [inline(schema.description)]),
    ...(schema.properties === undefined && facts.length > 0 ? [facts.join('; ')] : []),
    ...membersOf(key, schema).flatMap(([path, member]) => [`## ${path}`, ...blocksOf(path, member)]),
  ];
}

/** Members of a map; `*` stands for any name, `[]` for any item. */
function membersOf(key: string, schema: Schema): readonly (readonly [string, Schema])[] {
  const { properties, additionalProperties, items } = schema;
  if (properties !== undefined)
    return Object.entries(properties).map(([name, member]) => [`${key}.${name}`, member] as const);
  if (typeof additionalProperties === 'object') return membersOf(`${key}.*`, additionalProperties);
  return items === undefined ? [] : membersOf(`${key}[]`, items);
}

function kindOf({ type, const: only, enum: choices, anyOf, items, additionalProperties }: Schema): string {
  if (only !== undefined) return code(only);
  if (choices !== undefined) return choices.map(code).join(' or ');
  if (anyOf !== undefined) return [...new Set(anyOf.map(kindOf))].join(', or ');
  if (type === 'array') return `list${items === undefined ? '' : ` of ${kindOf(items)}`}`;
  if (type === 'object')
    return typeof additionalProperties === 'object' && kindOf(additionalProperties) !== ''
      ? `map of ${kindOf(additionalProperties)}`
      : 'map';
  return (
    { string: 'text', integer: 'whole number', number: 'number', boolean: '`true` or `false`' }[type ?? ''] ??
    ''
  );
}

function boundsOf({ minimum, maximum, maxItems }: Schema): string {
  const isBound = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const from = isBound(minimum) ? `from ${minimum}` : '';
  const to = isBound(maximum) ? `to ${maximum}` : '';
  const items = maxItems === undefined ? '' : `at most ${maxItems}`;
  return [`${from} ${to}`.trim(), items].filter((part) => part !== '').join('; ');
}

function defaultOf({ default: value }: Schema): string {
  return value === undefined ? '' : `default ${code(value)}`;
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** Plain text as Markdown: what would be markup loses its meaning. */
function inline(text: string): string {
  return text.replaceAll(/[\\`*_<[\]]/g, String.raw`\$&`);
}
