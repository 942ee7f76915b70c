import type * as z from 'zod/mini';
import { formatPosition, ProblemList } from '../checks/config-problem.ts';
import { exposedServerName } from '../clients/exposed-server-name.ts';
import type { ConfigSource } from '../document/config-source.ts';
import {
  entryAt,
  joinKey,
  locatedFrom,
  plainValue,
  type LocatedMap,
  type LocatedValue,
} from '../document/located-value.ts';
import type { LayerKind } from '../layers/config-layers.ts';
import { mergeSources, type MergedSources } from '../layers/merge-sources.ts';
import type { ParseOptions } from '../parse-configuration.ts';
import { ConfigurationSchema } from '../schema/configuration-schema.ts';
import { schemaBelow, shapeOf } from '../schema/setting-at.ts';
import { shownName, shownValue } from './shown-value.ts';

/** What a layer says. */
export interface SettingOrigin {
  readonly layer: LayerKind;
  /** `omni.yaml:3:5`, `OMNI_SERVER__DRAIN`, `--set`; absent for a default. */
  readonly place?: string;
  /** As it may be shown: what may be secret is `***`. */
  readonly value: unknown;
}

/** One setting, and who has set it. */
export interface SettingView extends SettingOrigin {
  /** Keys in Omni's own spelling, joined by dots. */
  readonly key: string;
  /** What lies below, the nearest first. */
  readonly under: readonly SettingOrigin[];
}

/** Who defines a server: the lowest layer that names it. */
export interface ServerOwner {
  /** As it is written. */
  readonly name: string;
  /** In the names of its tools and in addresses. */
  readonly calledAs: string;
  readonly owner: LayerKind;
  readonly place: string;
}

/** What a configuration says, before variables and secrets are put in. */
export interface SettingsView {
  /** Those that are set, then those that have a default. */
  readonly settings: readonly SettingView[];
  readonly servers: readonly ServerOwner[];
}

/** A setting that two configurations say differently, as it may be shown. */
export interface SettingDifference {
  readonly key: string;
  /** Absent where it is not set. */
  readonly before?: SettingOrigin;
  /** Absent where it is not set. */
  readonly after?: SettingOrigin;
}

interface Leaf {
  readonly key: string;
  /** The same, as it may be shown. */
  readonly name: string;
  readonly path: readonly string[];
  /** With `*` in the place of names. */
  readonly pattern: readonly string[];
  readonly value: LocatedValue;
  readonly schema: z.core.$ZodType | undefined;
}

/**
 * Who says what in the layers of a configuration.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when a source cannot be read; values are not checked.
 */
export function settingsView(
  sources: readonly ConfigSource[],
  options: Pick<ParseOptions, 'env' | 'strict' | 'layers'>,
): SettingsView {
  const merged = mergedOf(sources, options);
  const defaults = new Map(
    defaultsOf(ConfigurationSchema, []).map((leaf) => [leaf.key, originOf(leaf, leaf.value)]),
  );
  const leaves = leavesOf(merged.root);
  const set = leaves.map((leaf): SettingView => {
    const [first, ...under] = chainOf(leaf, merged.layers);
    const byDefault = defaults.get(leaf.key);
    return {
      key: leaf.name,
      ...(first ?? originOf(leaf, leaf.value)),
      under: byDefault === undefined ? under : [...under, byDefault],
    };
  });
  const keys = new Set(leaves.map(({ key }) => key));
  const unset = [...defaults].filter(([key]) => !keys.has(key));
  return {
    settings: [...set, ...unset.map(([key, origin]): SettingView => ({ key, ...origin, under: [] }))],
    servers: ownersOf(merged),
  };
}

/**
 * What the second configuration says differently. Values are compared, and what may be secret is not shown.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when a source cannot be read; values are not checked.
 */
export function settingsDifference(
  before: readonly ConfigSource[],
  after: readonly ConfigSource[],
  options: Pick<ParseOptions, 'env' | 'strict' | 'layers'>,
): readonly SettingDifference[] {
  const [left, right] = [before, after].map(
    (sources) => new Map(leavesOf(mergedOf(sources, options).root).map((leaf) => [leaf.key, leaf])),
  );
  const keys = new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])]);
  return [...keys].sort().flatMap((key): readonly SettingDifference[] => {
    const [one, other] = [left?.get(key), right?.get(key)];
    if (plainText(one) === plainText(other)) return [];
    return [
      {
        key: (one ?? other)?.name ?? key,
        ...(one !== undefined && { before: originOf(one, one.value) }),
        ...(other !== undefined && { after: originOf(other, other.value) }),
      },
    ];
  });
}

function plainText(leaf: Leaf | undefined): string | undefined {
  return leaf === undefined ? undefined : JSON.stringify(plainValue(leaf.value));
}

function mergedOf(
  sources: readonly ConfigSource[],
  { env, strict = false, layers = {} }: Pick<ParseOptions, 'env' | 'strict' | 'layers'>,
): MergedSources {
  const [problems, warnings, notes] = [new ProblemList(), new ProblemList(), new ProblemList()];
  const merged = mergeSources(sources, { problems, warnings, notes, env, strict, layers });
  problems.throwIfAny();
  return merged;
}

/** Whatever is no map, in the order of the sources. */
function leavesOf(root: LocatedMap): readonly Leaf[] {
  const below = (
    map: LocatedMap,
    schema: z.core.$ZodType | undefined,
    { path, pattern, name }: Pick<Leaf, 'path' | 'pattern' | 'name'>,
  ): readonly Leaf[] =>
    [...map.entries].flatMap(([key, { value }]) => {
      const isFixed = schema !== undefined && shapeOf(schema) !== undefined;
      const inner = {
        path: [...path, key],
        pattern: [...pattern, isFixed ? key : '*'],
        name: joinKey(name, shownName(key, pattern)),
      };
      const next = schema === undefined ? undefined : schemaBelow(schema, key);
      if (value.kind === 'map' && value.entries.size > 0) return below(value, next, inner);
      return [{ ...inner, key: inner.path.join('.'), value, schema: next }];
    });
  return below(root, ConfigurationSchema, { path: [], pattern: [], name: '' });
}

/** What the layers say, from the top; what one of them removes is not looked for further down. */
function chainOf(leaf: Leaf, layers: readonly LocatedMap[]): readonly SettingOrigin[] {
  return layers
    .map((layer) => entryAt(layer, leaf.path)?.value)
    .filter((value) => value !== undefined)
    .map((value) => originOf(leaf, value))
    .toReversed();
}

function originOf({ pattern, schema }: Leaf, value: LocatedValue): SettingOrigin {
  const { layer = 'file' } = value.at;
  return {
    layer,
    ...(layer !== 'default' && { place: formatPosition(value.at) }),
    value: shownValue(value, pattern, schema),
  };
}

/** Every setting outside of servers that has one. */
function defaultsOf(schema: z.core.$ZodType, path: readonly string[]): readonly Leaf[] {
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([key, setting]) => {
    const inner = [...path, key];
    const { def } = asOneOf(setting)._zod;
    const isSection = shapeOf(setting) !== undefined;
    if (isSection) return defaultsOf(setting, inner);
    if (def.type !== 'default' && def.type !== 'prefault') return [];
    const at = { file: 'default', line: 0, column: 0, layer: 'default' } as const;
    const value = locatedFrom(def.defaultValue, at);
    if (value.kind === 'map' && value.entries.size === 0) return [];
    const name = inner.join('.');
    return [{ key: name, name, path: inner, pattern: inner, value, schema: setting }];
  });
}

function asOneOf(schema: z.core.$ZodType): z.core.$ZodTypes {
  // Every schema is one of them: the base class has no instances.
  return schema as z.core.$ZodTypes;
}

function ownersOf({ root, layers }: MergedSources): readonly ServerOwner[] {
  const servers = root.entries.get('mcpServers')?.value;
  if (servers?.kind !== 'map') return [];
  return [...servers.entries.keys()].flatMap((name): readonly ServerOwner[] => {
    const lowest = layers
      .map((layer) => entryAt(layer, ['mcpServers', name]))
      .find((entry) => entry !== undefined);
    const { at } = lowest ?? {};
    return at === undefined
      ? []
      : [{ name, calledAs: exposedServerName(name), owner: at.layer ?? 'file', place: formatPosition(at) }];
  });
}
