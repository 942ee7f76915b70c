import { memberOf, scanJson, stringAt, stringMember } from '@omni/jsonrpc';
import { ITEM_LIMITS, MAX_URI_LENGTH } from '../reading/item-limits.ts';

const UI_MEMBER = 'resourceUri';
/** How it was written before MCP Apps became an extension; servers write both. */
const FLAT_KEY = 'ui/resourceUri';

/**
 * The page that a tool is shown with: `_meta.ui.resourceUri`. Servers seldom list it among their resources.
 *
 * @param tool - As JSON.
 * @returns `undefined` when it names none, or one that is too long to be read.
 * @see MCP Apps (extension `io.modelcontextprotocol/ui`), "Resource Discovery".
 */
export function uiMentionOf(tool: string): string | undefined {
  // Most tools have none: a native search spares them the parsing.
  if (!tool.includes(UI_MEMBER)) return undefined;
  const scan = scanJson(tool, ITEM_LIMITS, { _meta: { ui: {} } });
  const meta = scan.kind === 'object' ? memberOf(scan.object, '_meta')?.object : undefined;
  const flat = memberOf(meta, FLAT_KEY);
  const uri =
    stringMember(tool, memberOf(meta, 'ui')?.object, UI_MEMBER) ??
    (flat === undefined ? undefined : stringAt(tool, flat));
  return uri === undefined || uri.length > MAX_URI_LENGTH ? undefined : uri;
}
