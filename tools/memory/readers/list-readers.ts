import { Catalogue, ListBudget, readCatalogue } from '@omni/capabilities';
import { parseMessage, resultText, type RpcMessage } from '@omni/jsonrpc';
import type { CallHandler, RunningCall, UpstreamCall, UpstreamConnection } from '@omni/model';
import { VirtualClock } from '@omni/testing';

/** A server with lists of one shape. */
export interface ListInput {
  readonly name: string;
  /** Page of a list, from 0 on. */
  readonly page: (member: string, index: number) => readonly object[];
}

const MIB = 1_048_576;
const BUDGET_BYTES = 64 * MIB;
const LIMITS = { maxDepth: 512, maxElements: 2_000_000 };
const MEMBERS: Readonly<Record<string, string>> = {
  'tools/list': 'tools',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
  'prompts/list': 'prompts',
};

function item(index: string, more: object = {}): object {
  return {
    name: `n${index}`,
    uri: `x://${index}`,
    uriTemplate: `x${index}://{a}`,
    inputSchema: { type: 'object' },
    ...more,
  };
}

/** Lists that never end. */
export const LIST_INPUTS: readonly ListInput[] = [
  {
    name: 'lists of many small items',
    page: (_member, page) => Array.from({ length: 500 }, (_, index) => item(`${page}_${index}`)),
  },
  {
    name: 'lists of long items',
    page: (_member, page) => [item(`${page}`, { description: 'x'.repeat(900_000) })],
  },
  {
    name: 'lists of items in letters of two bytes',
    page: (_member, page) => [item(`${page}`, { description: 'я'.repeat(400_000) })],
  },
  {
    name: 'lists of rubbish with one item a page',
    page: (_member, page) => [item(`${page}`), { rubbish: 'x'.repeat(1_500_000) }],
  },
  {
    name: 'lists of tools that have to be written anew',
    page: (_member, page) => [item(`${page}`, { description: 'x'.repeat(300_000), inputSchema: {} })],
  },
];

/** Reads the lists of two such servers into a catalogue. */
export async function readLists({
  page,
}: ListInput): Promise<{ readonly kept: unknown; readonly budget: ListBudget }> {
  const upstreams = ['a', 'b'];
  const catalogue = new Catalogue({
    upstreams: upstreams.map((name) => ({ name, isOff: false })),
    prefix: 'always',
    identity: { name: 'omni', version: '1' },
    clock: new VirtualClock(),
  });
  const budget = new ListBudget({
    maxBytes: BUDGET_BYTES,
    upstreams: () => upstreams,
    kept: (upstream) => catalogue.kept(upstream),
  });
  for (const upstream of upstreams) {
    const read = await budget.read(upstream, undefined, (room) =>
      readCatalogue(serverOf(upstream, page), { identity: { name: 'omni', version: '1' }, room }),
    );
    catalogue.set(upstream, read);
    // Routes are made when they are first asked for.
    for (const era of ['legacy', 'modern'] as const) {
      const view = catalogue.view({ endpoint: { kind: 'all' }, era });
      view.route('tool', 'nothing');
      view.routeUri('x://nothing');
    }
  }
  return { kept: catalogue, budget };
}

function serverOf(upstream: string, page: ListInput['page']): UpstreamConnection {
  const asked = new Map<string, number>();
  return {
    upstream,
    era: 'legacy',
    keepsClientId: false,
    binding: undefined,
    handshake: messageOf('{"capabilities":{"tools":{},"resources":{},"prompts":{}}}'),
    notify() {},
    send({ method }: UpstreamCall, handler: CallHandler): RunningCall {
      const index = asked.get(method) ?? 0;
      asked.set(method, index + 1);
      const member = MEMBERS[method] ?? '';
      const result = JSON.stringify({ [member]: page(member, index), nextCursor: String(index) });
      queueMicrotask(() => handler.onAnswer({ kind: 'message', message: messageOf(result), status: 200 }));
      return { cancel() {} };
    },
  };
}

function messageOf(result: string): RpcMessage {
  const message = parseMessage(resultText('1', result), LIMITS);
  if (message.kind === 'batch' || message.kind === 'rejected') throw new RangeError('No message');
  return message;
}
