import type { FuzzTarget } from './fuzz-target.ts';
import { channelFront } from './targets/channel-front.ts';
import { configuration } from './targets/configuration.ts';
import { headerValue } from './targets/header-value.ts';
import { httpAnswer } from './targets/http-answer.ts';
import { httpFront } from './targets/http-front.ts';
import { jsonScan } from './targets/json-scan.ts';
import { lineSplitter } from './targets/line-splitter.ts';
import { rpcMessage } from './targets/rpc-message.ts';
import { sseParser } from './targets/sse-parser.ts';
import { stateSeal } from './targets/state-seal.ts';
import { textEdit } from './targets/text-edit.ts';
import { uriTemplate } from './targets/uri-template.ts';
import { webSocket } from './targets/web-socket.ts';

const TARGETS: Readonly<Record<string, () => FuzzTarget>> = {
  'channel-front': () => channelFront(),
  configuration: () => configuration(),
  'header-value': () => headerValue(),
  'http-answer': () => httpAnswer(),
  'http-front': () => httpFront(),
  'json-scan': () => jsonScan(),
  'line-splitter': () => lineSplitter(),
  'rpc-message': () => rpcMessage(),
  'sse-parser': () => sseParser(),
  'state-seal': () => stateSeal(),
  'text-edit': () => textEdit(),
  'uri-template': () => uriTemplate(),
  'web-socket': () => webSocket(),
};

export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/** Makes a target that nothing else uses. @param name - One of {@link TARGET_NAMES}. */
export function createTarget(name: string): FuzzTarget {
  const create = TARGETS[name];
  if (create === undefined) throw new TypeError(`no target is called ${name}`);
  return create();
}
