import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSdk2Server, NOTE, Sdk2State } from './sdk2-server.ts';

/**
 * `--stdio`, `--http` for both eras (legacy requests without sessions, as the SDK does by itself), or
 * `--modern` for one.
 */

const state = new Sdk2State();

if (process.argv.includes('--stdio')) serveStdio(() => createSdk2Server(state, { isLive: true }));
else {
  const handler = createMcpHandler(
    () => createSdk2Server(state, { isLive: false }),
    process.argv.includes('--modern') ? { legacy: 'reject' } : {},
  );
  state.onChange((change) => {
    if (change === 'tools') handler.notify.toolsChanged();
    else handler.notify.resourceUpdated(NOTE);
  });
  const serve = toNodeHandler(handler);
  // A request that a server received always has a method and a url; the types of Node leave both open.
  const http = createServer((request, response) => void serve(request as NodeIncomingMessageLike, response));
  http.listen(0, '127.0.0.1', () => {
    // A TCP server that listens has an address with a port.
    process.stdout.write(
      `${JSON.stringify({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` })}\n`,
    );
  });
  process.once('SIGTERM', () => process.exit(0));
}
