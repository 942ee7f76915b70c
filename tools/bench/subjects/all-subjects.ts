import { caddy } from './caddy.ts';
import { direct } from './direct.ts';
import { haproxy } from './haproxy.ts';
import { mcpHub } from './mcp-hub.ts';
import { mcpProxy } from './mcp-proxy.ts';
import { nginx } from './nginx.ts';
import { nodeForwarder } from './node-forwarder.ts';
import { nodeResponder } from './node-responder.ts';
import { omni, omniBare } from './omni.ts';
import { sdkGateway } from './sdk-gateway.ts';
import type { Subject } from './subject.ts';
import { supergateway } from './supergateway.ts';

/** Every subject, in the order of the report. */
export const ALL_SUBJECTS: readonly Subject[] = [
  direct,
  nginx,
  haproxy,
  caddy,
  nodeForwarder,
  nodeResponder,
  sdkGateway,
  omniBare,
  omni,
  mcpProxy,
  supergateway,
  mcpHub,
];
