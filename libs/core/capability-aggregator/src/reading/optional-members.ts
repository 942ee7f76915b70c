import type { OptionalMembers } from '@omni/jsonrpc';
import type { ListKind } from '@omni/model';

const ICONS: OptionalMembers = { mimeType: {}, sizes: {}, theme: {} };
const COMMON: OptionalMembers = { title: {}, description: {}, icons: ICONS, _meta: {} };
const RESOURCE: OptionalMembers = {
  ...COMMON,
  mimeType: {},
  size: {},
  annotations: { audience: {}, priority: {}, lastModified: {} },
};

/**
 * What an item may lack, so that `null` can only mean that it is not there. Schemas and metadata have a
 * `null` of their own: nothing inside them is named here.
 *
 * @see MCP 2025-11-25 and 2026-07-28, schema, "Tool", "Resource", "ResourceTemplate", "Prompt", "Icon".
 */
export const OPTIONAL_OF_ITEMS: Readonly<Record<ListKind, OptionalMembers>> = {
  tools: {
    ...COMMON,
    outputSchema: {},
    execution: { taskSupport: {} },
    annotations: {
      title: {},
      readOnlyHint: {},
      destructiveHint: {},
      idempotentHint: {},
      openWorldHint: {},
    },
  },
  resources: RESOURCE,
  templates: RESOURCE,
  prompts: { ...COMMON, arguments: { title: {}, description: {}, required: {} } },
};

const LISTED: OptionalMembers = { listChanged: {} };

/** The same of what a server says that it can do; what its extensions say is their own. */
export const OPTIONAL_OF_CAPABILITIES: OptionalMembers = {
  tools: LISTED,
  prompts: LISTED,
  resources: { ...LISTED, subscribe: {} },
  completions: {},
  logging: {},
  tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  experimental: {},
  extensions: {},
};
