import { jsonText } from '@omni/ports';
import { quoted, type Position, type ProblemList } from '../checks/config-problem.ts';
import {
  emptyMap,
  isNull,
  layerLocated,
  locatedFrom,
  mergeLocated,
  nested,
  type LocatedMap,
  type LocatedValue,
} from '../document/located-value.ts';
import type { Environment } from '../document/variables.ts';
import { typedValue } from '../schema/setting-at.ts';
import type { ConfigLayers, FlagSetting, LayerKind, RuntimeOverride } from './config-layers.ts';
import { pathOfKey, pathOfWords } from './setting-path.ts';

/** Variables with words of their own: what they hold is no setting. */
const OTHER_VARIABLES = /^OMNI_(?:FEATURE|SECRET|TEST)_/;
const VARIABLE = /^OMNI_(.+)$/;
/** A reference and nothing else. */
const REFERENCE = /^\$\{[A-Z]+:[^${}]+\}$/;

/**
 * What the variables `OMNI_A__B` set, over `root`. One that is empty sets nothing.
 *
 * Their values stand in no message.
 */
export function environmentLayer(environment: Environment, root: LocatedMap): LocatedMap {
  let layer = emptyMap(placeOf('environment', 'environment'));
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name] ?? '';
    const words = VARIABLE.exec(name)?.[1]?.split('__') ?? [];
    if (text === '' || words.length < 2 || words.includes('') || OTHER_VARIABLES.test(name)) continue;
    const { keys, schema } = pathOfWords(words, layerLocated(root, layer));
    const value = locatedText(text, schema, placeOf('environment', name));
    layer = mergeLocated(layer, nested(keys, unprinted(value)));
  }
  return layer;
}

/** What the flags set, over `root`. */
export function flagLayer(
  flags: readonly FlagSetting[],
  root: LocatedMap,
  problems: Pick<ProblemList, 'add'>,
): LocatedMap {
  let layer = emptyMap(placeOf('flag', 'flags'));
  for (const { flag, key, value } of flags) {
    const at = placeOf('flag', flag);
    const { keys, schema } = pathOfKey(key, layerLocated(root, layer));
    if (key === '' || keys.some((part) => part === '' || part === '__proto__')) {
      problems.add(at, key, `${quoted(key)} is not a setting; write keys with dots between: "server.drain"`);
      continue;
    }
    layer = mergeLocated(layer, nested(keys, locatedText(value, schema, at)));
  }
  return layer;
}

/** One override, as it lies over all else. */
export function overrideLayer({ document, author, at }: RuntimeOverride): LocatedMap {
  const place = placeOf('override', `override of ${author} from ${new Date(at).toISOString()}`);
  const value = locatedFrom(document, place);
  return value.kind === 'map' ? value : emptyMap(place);
}

/** Those that have not expired. */
export function overridesInForce({ overrides = [], nowMs }: ConfigLayers): readonly RuntimeOverride[] {
  return overrides.filter(
    ({ expiresAt }) => expiresAt === undefined || nowMs === undefined || nowMs < expiresAt,
  );
}

/**
 * What `secrets.set` says, over `root`: each setting is the value of a secret. Those of servers, and of
 * `secrets` itself, refer to secrets where they stand.
 */
export function secretLayer(root: LocatedMap, problems: Pick<ProblemList, 'add'>): LocatedMap {
  const secrets = root.entries.get('secrets')?.value;
  const set = secrets?.kind === 'map' ? secrets.entries.get('set')?.value : undefined;
  let layer = emptyMap(root.at);
  if (set?.kind !== 'map') return layer;
  for (const [key, { value, at }] of set.entries) {
    const path = `secrets.set.${key}`;
    const { keys } = pathOfKey(key, root);
    if (['mcpServers', 'secrets'].includes(keys[0] ?? ''))
      problems.add(at, path, `${quoted(key)} cannot be set here; write the reference where the setting is`);
    else if (value.kind !== 'scalar' || typeof value.value !== 'string' || !REFERENCE.test(value.value))
      problems.add(value.at, path, `${path} must be one reference, such as "\${SECRET:name}"`);
    else layer = layerLocated(layer, nested(keys, { ...value, at: { ...value.at, layer: 'secret' } }));
  }
  return layer;
}

/** Text of a secret that stands for a number, a switch or a list. */
export function typedSecrets(
  root: LocatedMap,
  schemaOf: (path: readonly string[]) => Parameters<typeof typedValue>[1],
): LocatedMap {
  const typed = (value: LocatedValue, path: readonly string[]): LocatedValue => {
    if (value.kind === 'map')
      return {
        ...value,
        entries: new Map(
          [...value.entries].map(([key, entry]) => [
            key,
            { ...entry, value: typed(entry.value, [...path, key]) },
          ]),
        ),
      };
    if (value.kind === 'list' || value.at.layer !== 'secret' || value.origin !== 'expanded') return value;
    if (typeof value.value !== 'string') return value;
    return unprinted(locatedFrom(typedValue(value.value, schemaOf(path)), value.at));
  };
  const value = typed(root, []);
  return value.kind === 'map' ? value : root;
}

/** A text as the value that it stands for, which keeps its characters. */
function locatedText(text: string, schema: Parameters<typeof typedValue>[1], at: Position): LocatedValue {
  const value = locatedFrom(typedValue(text, schema), at);
  return value.kind === 'scalar' ? { ...value, source: text } : value;
}

function placeOf(layer: LayerKind, file: string): Position {
  return { file: withoutLineBreaks(file), line: 0, column: 0, layer };
}

/** Names come from outside. */
function withoutLineBreaks(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : jsonText(text);
}

function unprinted(value: LocatedValue): LocatedValue {
  if (value.kind === 'scalar') return isNull(value) ? value : { ...value, origin: 'expanded' };
  if (value.kind === 'list') return { ...value, items: value.items.map(unprinted) };
  const entries = [...value.entries].map(
    ([key, entry]) => [key, { ...entry, value: unprinted(entry.value) }] as const,
  );
  return { ...value, entries: new Map(entries) };
}
