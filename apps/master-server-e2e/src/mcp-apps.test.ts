import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { errorOf, openRawSession, postModern, textOf } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import {
  CART,
  CART_ITEM,
  cartTool,
  CHECKOUT,
  helpPage,
  pageOf,
  RECEIPT,
  startShopServer,
  UI_EXTENSION,
  type ShopServer,
} from './mcp-apps/shop-server.ts';

type Era = 'legacy' | 'modern';
const ERAS: readonly Era[] = ['legacy', 'modern'];
const CAPABILITIES = `{"extensions":${UI_EXTENSION}}`;
/** The tool of each server that only its page calls: no other server has one of that name. */
const TOOLS: Readonly<Record<Era, string>> = { legacy: 'open_cart', modern: 'open_basket' };

let omni: Omni;
const shops: { [server in Era]?: ShopServer } = {};

beforeAll(async () => {
  for (const era of ERAS) shops[era] = await startShopServer(era, era, TOOLS[era]);
  const mcpServers = Object.fromEntries(ERAS.map((era) => [era, { url: shops[era]?.url }]));
  omni = await startOmni({ server: { drain: '0s' }, mcpServers });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

/** Sends one request as a host does, and gives the answer as text. */
type Ask = (method: string, params?: string) => Promise<string>;

/** @param capabilities - Of the host, as JSON. */
async function connect(era: Era, url: string, capabilities: string): Promise<Ask> {
  if (era === 'legacy') {
    const session = await openRawSession(url, { capabilities });
    return async (method, params = '') =>
      (await session.send(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params}}}`)).messages.at(
        -1,
      ) ?? '';
  }
  return async (method, params = '') => {
    const name = /"(?:name|uri)":"([^"]+)"/.exec(params)?.[1];
    const answer = await postModern(url, {
      id: '1',
      method,
      params,
      capabilities,
      ...(name === undefined ? {} : { name }),
    });
    return answer.messages.at(-1) ?? '';
  };
}

/** Lists until the text is there: what a server lists to these clients may have to be asked for first. */
async function listed(ask: Ask, method: string, text: string): Promise<string> {
  let list = '';
  await eventually(`${text} in ${method}`, async () => (list = await ask(method)).includes(text)).catch(
    () => undefined,
  );
  return list;
}

describe.each(ERAS)('a %s host that shows pages of MCP Apps', (era) => {
  describe.each(ERAS)('before a %s server', (server) => {
    const tool = TOOLS[server];
    const own = (): string => `${omni.url}/${server}`;

    it('declares so to the server exactly as it has written it', async () => {
      for (const [endpoint, url] of Object.entries({ one: own(), all: omni.url })) {
        // Told apart from what the clients of other tests declare.
        const capabilities = `{"extensions":${UI_EXTENSION},"experimental":{"of ${era} on ${endpoint}":{}}}`;
        await listed(await connect(era, url, capabilities), 'tools/list', tool);
        expect(shops[server]?.told).toContain(capabilities);
      }
    });

    it('is listed the tools with their metadata byte for byte, those for pages alone too', async () => {
      const name = `${server}__${tool}`;
      expect(await listed(await connect(era, own(), CAPABILITIES), 'tools/list', tool)).toContain(
        cartTool(tool),
      );
      expect(await listed(await connect(era, omni.url, CAPABILITIES), 'tools/list', name)).toContain(
        cartTool(tool, name),
      );
    });

    it('reads its pages byte for byte under their own URIs', async () => {
      const ask = await connect(era, own(), CAPABILITIES);
      expect(await ask('resources/list')).toContain(CART_ITEM);
      for (const uri of [CART, CHECKOUT])
        expect(await ask('resources/read', `"uri":"${uri}"`)).toContain(pageOf(server, uri));
    });

    it('reads on the endpoint of all servers a page that is not listed, by the tool that names it', async () => {
      const ask = await connect(era, omni.url, CAPABILITIES);
      await listed(ask, 'tools/list', `${server}__help_${server}`);
      const uri = helpPage(server);
      expect(await ask('resources/read', `"uri":"${uri}"`)).toContain(pageOf(server, uri));
    });

    it('reads on the endpoint of all servers what a result of the server has pointed at', async () => {
      const ask = await connect(era, omni.url, CAPABILITIES);
      await ask('tools/call', `"name":"${server}__browse","arguments":{}`);
      const uri = `${RECEIPT}-${server}`;
      expect(await ask('resources/read', `"uri":"${uri}"`)).toContain(pageOf(server, uri));
    });

    it('calls for a page under the name that the server has given', async () => {
      for (const url of [own(), omni.url]) {
        const ask = await connect(era, url, CAPABILITIES);
        await listed(ask, 'tools/list', tool);
        const before = shops[server]?.called.length ?? 0;
        expect(textOf(await ask('tools/call', `"name":"${tool}","arguments":{}`))).toBe(`${server} ${tool}`);
        expect(shops[server]?.called.slice(before)).toEqual([tool]);
      }
    });
  });

  it('reads a page that two servers have from the first of them on the endpoint of all, and from each on its own', async () => {
    const ask = await connect(era, omni.url, CAPABILITIES);
    await listed(ask, 'tools/list', 'modern__checkout');
    // One is listed, the other is only named by tools.
    for (const uri of [CART, CHECKOUT])
      expect(await ask('resources/read', `"uri":"${uri}"`)).toContain(pageOf('legacy', uri));
    expect((await ask('resources/list')).split(CART_ITEM)).toHaveLength(2);
  });

  it('is told the candidates when a page calls a tool that two servers have', async () => {
    const ask = await connect(era, omni.url, CAPABILITIES);
    await listed(ask, 'tools/list', 'modern__checkout');
    const answer = await ask('tools/call', '"name":"checkout","arguments":{}');
    expect(errorOf(answer)?.omni).toBe('OMNI_NAME_AMBIGUOUS');
    expect(answer).toContain('"candidates":["legacy:checkout","modern:checkout"]');
  });
});

describe.each(ERAS)('a %s host that shows no pages', (era) => {
  it('is neither listed the tools of pages nor can it call them', async () => {
    // Others see them at the same time.
    await listed(await connect(era, omni.url, CAPABILITIES), 'tools/list', 'modern__checkout');
    for (const url of [omni.url, ...ERAS.map((server) => `${omni.url}/${server}`)]) {
      const ask = await connect(era, url, '{}');
      const list = await ask('tools/list');
      expect(list).toContain('browse');
      expect(list).not.toMatch(/open_|checkout|help|ui:/);
      for (const tool of Object.values(TOOLS))
        expect(errorOf(await ask('tools/call', `"name":"${tool}","arguments":{}`))?.omni).toBe(
          'OMNI_NAME_UNKNOWN',
        );
    }
  });
});
