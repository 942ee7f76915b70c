import {
  applyEdits,
  type JsonMember,
  type JsonObject,
  memberOf,
  scanJson,
  setMember,
  withoutMembers,
} from '@omni/jsonrpc';
import type { Era } from '@omni/ports';
import { isJsonObject } from '../reading/schema-walk.ts';
import type { UpstreamCatalogue } from '../reading/upstream-catalogue.ts';

const LIMITS = { maxDepth: 100, maxElements: 20_000 };
const PLAN = {
  tools: {},
  prompts: {},
  resources: {},
  completions: {},
  logging: {},
  tasks: { requests: { tools: {} } },
  experimental: {},
  extensions: {},
};
const LIST_CAPABILITIES = ['tools', 'prompts', 'resources'];
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
/**
 * Extensions whose methods are served on the endpoint of all servers, or that have none. Those of any other
 * one are carried on the endpoint of its server alone, so that it is offered there alone.
 */
const SERVED_FOR_ALL: ReadonlySet<string> = new Set([TASKS_EXTENSION, 'io.modelcontextprotocol/ui']);
/** Advertised while nothing is known yet, so that a late server can announce itself by list_changed. */
const EXPECTED =
  '{"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{"listChanged":true}}';

/**
 * The capabilities of the endpoint of one server: its own, unknown ones included, with what Omni adds and
 * takes.
 *
 * `listChanged` is always offered: a server that never announces changes can still be replaced. Core tasks
 * belong to the legacy era, the tasks extension to the modern one; the other era does not see them.
 *
 * @param catalogue - `undefined` while the server has not been read.
 * @returns A JSON object.
 */
export function ownCapabilities(catalogue: UpstreamCatalogue | undefined, era: Era): string {
  if (catalogue === undefined) return EXPECTED;
  const text = catalogue.capabilities;
  const members: string[] = [];
  for (const member of scanCapabilities(text)?.members ?? []) {
    const { key, start, end, object } = member;
    let value = text.slice(start, end);
    if (LIST_CAPABILITIES.includes(key)) {
      if (object === undefined) continue;
      value = applyEdits(text, [setMember(object, 'listChanged', 'true')], start, end);
    } else if (key === 'tasks' && era === 'modern') {
      continue;
    } else if (key === 'extensions' && object !== undefined) {
      value = membersText(
        object.members
          .filter((extension) => isExtensionOf(era, extension.key))
          .map((extension) => entryOf(text, extension)),
      );
    }
    members.push(`${JSON.stringify(key)}:${value}`);
  }
  return `{${members.join(',')}}`;
}

/**
 * The capabilities of the endpoint of all servers.
 *
 * Tools, prompts and resources are always there, with `listChanged`. `experimental` and those `extensions`
 * that work here are merged; a key whose settings differ between servers is left out and stays on the
 * endpoints of those servers. Each era sees its own kind of tasks.
 *
 * @param catalogues - In the order of the configuration.
 * @returns A JSON object with its keys always in the same order.
 */
export function unitedCapabilities(catalogues: readonly UpstreamCatalogue[], era: Era): string {
  const parts = catalogues.map(({ capabilities }) => ({
    text: capabilities,
    object: scanCapabilities(capabilities),
  }));
  const isDeclared = (key: string): boolean =>
    parts.some(({ object }) => memberOf(object, key)?.object !== undefined);
  const canSubscribe = parts.some(({ text, object }) => {
    const subscribe = memberOf(memberOf(object, 'resources')?.object, 'subscribe');
    return subscribe !== undefined && text.slice(subscribe.start, subscribe.end) === 'true';
  });
  const members = [
    '"tools":{"listChanged":true}',
    '"prompts":{"listChanged":true}',
    `"resources":{${canSubscribe ? '"subscribe":true,' : ''}"listChanged":true}`,
  ];
  if (isDeclared('completions')) members.push('"completions":{}');
  if (isDeclared('logging')) members.push('"logging":{}');
  const tasks = parts.map(({ object }) => memberOf(object, 'tasks')?.object).filter(startsTasks);
  if (era === 'legacy' && tasks.length > 0) {
    const canCancel = tasks.some((object) => memberOf(object, 'cancel') !== undefined);
    const canList = tasks.some((object) => memberOf(object, 'list') !== undefined);
    members.push(
      `"tasks":{${canList ? '"list":{},' : ''}${canCancel ? '"cancel":{},' : ''}"requests":{"tools":{"call":{}}}}`,
    );
  }
  for (const key of ['experimental', 'extensions']) {
    const entries = mergedEntries(
      parts.map(({ text, object }) => ({ text, members: memberOf(object, key)?.object?.members ?? [] })),
    );
    const merged = entries.filter(
      (entry) =>
        key !== 'extensions' ||
        /* guard: capabilities/served */ (SERVED_FOR_ALL.has(entry.key) && isExtensionOf(era, entry.key)),
    );
    if (merged.length > 0) members.push(`"${key}":${membersText(merged)}`);
  }
  return `{${members.join(',')}}`;
}

/**
 * What a server offers in lists, and nothing else of it: for clients that are shown nothing in these lists.
 */
export function listCapabilities(capabilities: string): string {
  const object = scanCapabilities(capabilities);
  return object === undefined
    ? '{}'
    : withoutMembers(capabilities, object, (key) => !LIST_CAPABILITIES.includes(key));
}

interface Entry {
  readonly key: string;
  readonly json: string;
}

function mergedEntries(
  sources: readonly { readonly text: string; readonly members: readonly JsonMember[] }[],
): readonly Entry[] {
  const merged = new Map<string, Entry & { readonly canonical: string }>();
  const conflicting = new Set<string>();
  for (const { text, members } of sources) {
    for (const member of members) {
      const entry = entryOf(text, member);
      const canonical = canonicalJson(JSON.parse(entry.json));
      const earlier = merged.get(entry.key);
      if (earlier === undefined) merged.set(entry.key, { ...entry, canonical });
      else if (earlier.canonical !== canonical) conflicting.add(entry.key);
    }
  }
  return [...merged.values()].filter(({ key }) => !conflicting.has(key));
}

function entryOf(text: string, { key, start, end }: JsonMember): Entry {
  return { key, json: text.slice(start, end) };
}

function membersText(entries: readonly Entry[]): string {
  return `{${entries.map(({ key, json }) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
}

/** Whether a server lists the tasks that its tools have started. */
export function listsTasks({ capabilities }: UpstreamCatalogue): boolean {
  const tasks = memberOf(scanCapabilities(capabilities), 'tasks')?.object;
  return startsTasks(tasks) && memberOf(tasks, 'list') !== undefined;
}

/** Whether calls of tools can become tasks (MCP 2025-11-25, basic/utilities/tasks, "Capabilities"). */
function startsTasks(tasks: JsonObject | undefined): boolean {
  const tools = memberOf(memberOf(tasks, 'requests')?.object, 'tools')?.object;
  return memberOf(tools, 'call') !== undefined;
}

function isExtensionOf(era: Era, extension: string): boolean {
  return era === 'modern' || extension !== TASKS_EXTENSION;
}

function scanCapabilities(text: string): JsonObject | undefined {
  const scan = scanJson(text, LIMITS, PLAN);
  return scan.kind === 'object' ? scan.object : undefined;
}

/** The same text for values that differ only in white space, spelling and the order of keys. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
