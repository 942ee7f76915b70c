import { describe, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import { internalCall, type UpstreamCall } from '@omni/model';
import { sendContract } from '@omni/testing/contracts';
import { ScriptedConnection } from './router.fixture.ts';

describe('send of ScriptedConnection', () => {
  sendContract<UpstreamCall, RpcMessage>(it, {
    call: internalCall('tools/call', '{}'),
    answering: () => {
      const connection = new ScriptedConnection('files', 'modern');
      connection.immediate = '"result":{}';
      return Promise.resolve((call, handler) => connection.send(call, handler));
    },
    settle: () => Promise.resolve(),
  });
});
