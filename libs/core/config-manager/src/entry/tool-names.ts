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
 * some clients keep of what a server has, limits nothing; nor does `["*"]` where it allows.
 *
 * @returns `undefined` when it is neither.
 */
export function toolNames(key: string, own: ToolSetting, value: LocatedValue): ToolNames | undefined {
  if (value.kind === 'map') {
    if (own === 'disabledTools') return undefined;
    const forbidden = [...value.entries].filter(([, entry]) => isForbidden(entry.value));
    const items = forbidden.map(([name, { at }]) => written(name, at));
    const names: LocatedList | undefined =
      items.length === 0 ? undefined : { kind: 'list', at: value.at, items };
    return { own: 'disabledTools', names };
  }
  if (value.kind !== 'list') return undefined;
  if (value.items.length === 0 && (own === 'disabledTools' || NO_LIMIT_WHEN_EMPTY.has(key)))
    return { own, names: undefined };
  const isDescribed = value.items.some((item) => item.kind === 'map');
  if (isDescribed)
    return value.items.every((item) => item.kind === 'map' && textAt(item, 'name') !== undefined)
      ? { own, names: undefined }
      : undefined;
  if (!value.items.every((item) => item.kind === 'scalar' && typeof item.value === 'string'))
    return undefined;
  const isAll =
    own === 'allowedTools' && value.items.some((item) => item.kind === 'scalar' && item.value === '*');
  return { own, names: isAll ? undefined : value };
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
