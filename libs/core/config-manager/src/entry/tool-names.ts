import { NO_LIMIT_WHEN_EMPTY } from '../clients/entry-keys.ts';
import { textAt, written, type LocatedList, type LocatedValue } from '../document/located-value.ts';

type ToolSetting = 'allowedTools' | 'disabledTools';

/** Which tools a key of a client lets through or takes away. */
export interface ToolNames {
  readonly own: ToolSetting;
  /** `undefined` when the key limits nothing. */
  readonly names: LocatedList | undefined;
}

/**
 * Reads a list of names of tools, or a map from tools to whether they may be used. A list of descriptions, as
 * some clients keep of what a server has, hides those that are switched off; `["*"]` allows all.
 *
 * @returns `undefined` when it is neither.
 */
export function toolNames(key: string, own: ToolSetting, value: LocatedValue): ToolNames | undefined {
  if (value.kind === 'map') {
    if (own === 'disabledTools' || ![...value.entries.values()].every((entry) => isSwitch(entry.value)))
      return undefined;
    const forbidden = [...value.entries].filter(([, entry]) => isForbidden(entry.value));
    return hidden(
      value,
      forbidden.map(([name, { at }]) => written(name, at)),
    );
  }
  if (value.kind !== 'list') return undefined;
  if (value.items.length === 0 && (own === 'disabledTools' || NO_LIMIT_WHEN_EMPTY.has(key)))
    return { own, names: undefined };
  const isDescribed = value.items.some((item) => item.kind === 'map');
  if (isDescribed) {
    if (!value.items.every((item) => item.kind === 'map' && textAt(item, 'name') !== undefined))
      return undefined;
    const forbidden = value.items.filter(isForbidden);
    return hidden(
      value,
      forbidden.map((item) => written(item.kind === 'map' ? (textAt(item, 'name') ?? '') : '', item.at)),
    );
  }
  if (!value.items.every((item) => item.kind === 'scalar' && typeof item.value === 'string'))
    return undefined;
  const isAll =
    own === 'allowedTools' && value.items.some((item) => item.kind === 'scalar' && item.value === '*');
  return { own, names: isAll ? undefined : value };
}

function hidden({ at }: LocatedValue, items: readonly LocatedValue[]): ToolNames {
  return { own: 'disabledTools', names: items.length === 0 ? undefined : { kind: 'list', at, items } };
}

/** `true`, or a map in which `enabled` and the like may stand; a word or a list could mean anything. */
function isSwitch(value: LocatedValue): boolean {
  return value.kind === 'map' || (value.kind === 'scalar' && typeof value.value === 'boolean');
}

function isForbidden(value: LocatedValue): boolean {
  if (value.kind === 'scalar') return value.value === false;
  return (
    value.kind === 'map' &&
    ['enabled', 'disabled'].some((key) => {
      const flag = value.entries.get(key)?.value;
      return flag?.kind === 'scalar' && flag.value === (key === 'disabled');
    })
  );
}
