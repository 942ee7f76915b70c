import { packageVersion } from './package-version.ts';
import { startOwnServer } from './own-server.ts';
import type { Subject } from './subject.ts';

/** A gateway as the SDK's documentation leads one to write it. */
export const sdkGateway: Subject = {
  name: 'sdk-gateway',
  description: 'plain gateway on the MCP SDK 2.x: createMcpHandler in front, Client behind',
  kinds: ['http', 'stdio'],
  version: () =>
    `own, server ${packageVersion('@modelcontextprotocol/server')}, client ${packageVersion('@modelcontextprotocol/client')}, node ${packageVersion('@modelcontextprotocol/node')}`,
  start: (context) => startOwnServer('sdk-gateway', './sdk-gateway-server.ts', context),
};
