import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallHandler,
  type ConnectionFacts,
  internalCall,
  NOTHING_RUNS,
  type SendCall,
} from '@omni/model';
import type { UpstreamCall } from '@omni/model';
import { RecordingCall, upstreamSpecOf } from '@omni/testing';
import type { CallStage } from '@omni/model';

export const FACTS: ConnectionFacts = {
  upstream: 'files',
  era: 'modern',
  transport: 'http',
  instance: { key: 'shared' },
  spec: upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }, { name: 'files' }),
};

export const LIMITS = { maxDepth: 64, maxElements: 1_000 };
export const CALL: UpstreamCall = {
  ...internalCall('tools/call', '{}', 'read'),
  allowPassthrough: true,
};

export function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, LIMITS);
  if (message.kind === 'rejected' || message.kind === 'batch') throw new TypeError('no message');
  return message;
}

/** A call behind a stage, which somebody has sent. */
export function sent(stage: CallStage, call: UpstreamCall = CALL) {
  let behind: CallHandler | undefined;
  let got: UpstreamCall | undefined;
  const raw: SendCall = (received, handler) => {
    [got, behind] = [received, handler];
    return NOTHING_RUNS;
  };
  const recorded = new RecordingCall<RpcMessage>();
  const running = stage(raw, FACTS)(call, recorded);
  if (behind === undefined || got === undefined) throw new TypeError('the call was not sent');
  return { running, recorded, handler: behind, call: got };
}
