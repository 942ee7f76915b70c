import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../harness/end-everything.ts';

/** The extension as clients declare it; the spaces show whether it arrives as it was written. */
export const UI_EXTENSION = '{ "io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]} }';
/** A page that is listed, one that only a tool names, and one that only a result points at. */
export const CART = 'ui://shop/cart';
export const CHECKOUT = 'ui://shop/checkout';
export const RECEIPT = 'ui://shop/receipt-7';

/** An HTTP MCP server whose tools have pages, for clients that can show them. */
export interface ShopServer {
  readonly url: string;
  /** Capabilities of clients that it was told, as text, in order. */
  readonly told: readonly string[];
  /** Names of the tools that were called, in order. */
  readonly called: readonly string[];
}

const UI_META =
  '"_meta": { "ui": {"resourceUri":"ui://shop/cart", "visibility":["app"]}, "ui/resourceUri":"ui://shop/cart", "com.example/x":1.0 }';

/** A page of this shop alone that only a tool names. */
export function helpPage(shop: string): string {
  return `ui://shop/help-${shop}`;
}

/** The resource as it is listed. */
export const CART_ITEM =
  '{"uri":"ui://shop/cart","name":"Cart","mimeType":"text/html;profile=mcp-app","_meta":{"ui":{"csp":{"connectDomains":["https://api.example.com"]},"prefersBorder":true}}}';

/** A tool as the server lists it; with another name as Omni lists it. */
export function cartTool(own: string, name: string = own): string {
  return `{"name":"${name}","inputSchema":{"type":"object"}, ${UI_META}, "x-unknown":1e400}`;
}

/** The member of a result that holds a page. @param shop - Who has written it. */
export function pageOf(shop: string, uri: string): string {
  return `"contents":[{"uri":"${uri}","mimeType":"text/html;profile=mcp-app","text":"<h1>${shop} \\u00e9<\\/h1>","_meta":{ "ui": {"csp":{"resourceDomains":[]},"permissions":{"camera":{}},"domain":"${shop}.example.com","prefersBorder":false}, "x":1.10 }}]`;
}

/**
 * Starts it on a free port; it ends with the test file.
 *
 * @param tool - Name of the tool that only apps call.
 */
export async function startShopServer(
  era: 'legacy' | 'modern',
  shop: string,
  tool: string,
): Promise<ShopServer> {
  const told: string[] = [];
  const called: string[] = [];
  /** Whether the client of a legacy session can show pages, by the id of the session. */
  const sessions = new Map<string, boolean>();
  const server = createServer((request, response) => {
    if (request.method !== 'POST')
      return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      // Omni sends JSON-RPC.
      const { id, method, params } = JSON.parse(body) as {
        id?: number | string;
        method: string;
        params?: { name?: string; uri?: string };
      };
      if (id === undefined) return void response.writeHead(202).end();
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      const capabilities = capabilitiesIn(body, era);
      if (capabilities !== undefined) told.push(capabilities);
      if (method === 'initialize') {
        headers['mcp-session-id'] = `s-${sessions.size}`;
        sessions.set(headers['mcp-session-id'], showsPages(capabilities));
      }
      if (method === 'tools/call') called.push(params?.name ?? '');
      const isApp =
        era === 'modern'
          ? showsPages(capabilities)
          : sessions.get(String(request.headers['mcp-session-id'])) === true;
      const result = resultOf(method, { era, shop, tool, isApp, name: params?.name, uri: params?.uri });
      const rest =
        result === undefined ? '"error":{"code":-32601,"message":"Not here"}' : `"result":${result}`;
      response.writeHead(result === undefined && era === 'modern' ? 404 : 200, headers);
      response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${rest}}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an address with a port.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, told, called };
}

function shownTool(name: string, page: string): string {
  return `{"name":"${name}","inputSchema":{"type":"object"},"_meta":{"ui":{"resourceUri":"${page}"}}}`;
}

interface Asked {
  readonly era: 'legacy' | 'modern';
  readonly shop: string;
  readonly tool: string;
  readonly isApp: boolean;
  readonly name: string | undefined;
  readonly uri: string | undefined;
}

/** @returns JSON; `undefined` for what there is not. */
function resultOf(method: string, { era, shop, tool, isApp, name, uri }: Asked): string | undefined {
  const end = era === 'modern' ? ',"resultType":"complete","ttlMs":60000,"cacheScope":"private"}' : '}';
  switch (`${era} ${method}`) {
    case 'legacy initialize':
      return `{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{}},"serverInfo":{"name":"${shop}","version":"1"}}`;
    case 'modern server/discover':
      return `{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"resources":{}}${end}`;
    case `${era} tools/list`: {
      const pages = [
        cartTool(tool),
        shownTool('checkout', CHECKOUT),
        shownTool(`help_${shop}`, helpPage(shop)),
      ];
      return `{"tools":[{"name":"browse","inputSchema":{"type":"object"}}${isApp ? `,${pages.join(',')}` : ''}]${end}`;
    }
    case `${era} resources/list`:
      return `{"resources":[${CART_ITEM}]${end}`;
    case `${era} resources/read`:
      return uri?.startsWith('ui://shop/') === true ? `{${pageOf(shop, uri)}${end}` : undefined;
    case `${era} tools/call`:
      if (name !== 'browse' && !isApp) return undefined;
      return `{"content":[{"type":"text","text":"${shop} ${name}"},{"type":"resource_link","name":"Receipt","uri":"${RECEIPT}-${shop}"}]${end}`;
    default:
      return undefined;
  }
}

/** The capabilities of the client, as they were written. */
function capabilitiesIn(body: string, era: 'legacy' | 'modern'): string | undefined {
  const key = era === 'modern' ? '"io.modelcontextprotocol/clientCapabilities":' : '"capabilities":';
  const start = body.indexOf(key);
  if (start < 0) return undefined;
  const from = start + key.length;
  let depth = 0;
  for (let at = from; at < body.length; at++) {
    if (body[at] === '{') depth++;
    else if (body[at] === '}' && --depth === 0) return body.slice(from, at + 1);
  }
  return undefined;
}

function showsPages(capabilities: string | undefined): boolean {
  return capabilities?.includes('io.modelcontextprotocol/ui') === true;
}
