import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { memorySkillFiles, SkillCatalog } from '@modelcontextprotocol/server/ext/skills';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server with skills (SEP-2640) on the official SDK: `--stdio`, or over HTTP on a free port. */

const skills = await SkillCatalog.load(
  memorySkillFiles({
    'greeting/SKILL.md': '---\nname: greeting\ndescription: Greets politely.\n---\n\nSay hello.\n',
    'greeting/references/formal/LETTERS.md': 'Dear Sir or Madam,\n',
    'greeting/references/SHORT.md': 'Hi!\n',
  }),
);

function createSkillsServer(): McpServer {
  const server = new McpServer(
    { name: 'skills', version: '1.0.0' },
    { capabilities: { resources: { listChanged: true } } },
  );
  skills.attach(server);
  return server;
}

if (process.argv.includes('--stdio')) serveStdio(createSkillsServer);
else {
  const serve = toNodeHandler(createMcpHandler(createSkillsServer));
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
