import { PassThrough } from 'node:stream';
import type { RpcMessage } from '@omni/jsonrpc';
import { FollowedCall, type SendCall, type UpstreamCall } from '@omni/model';
import { stdioChannel } from '@omni/node';
import { configuredCredentials, silentLogger, systemClock } from '@omni/ports';
import { openStore } from '@omni/sql';
import { MetricRegistry } from '@omni/telemetry';
import { MemoryAudit, MemorySealedStore, ScriptedCredentials, ScriptedSecrets } from '@omni/testing';
import {
  auditSinkContract,
  callStageContract,
  clockContract,
  credentialProviderContract,
  exchangeContract,
  httpClientContract,
  messageChannelContract,
  metricsContract,
  sealedStoreContract,
  secretProviderContract,
  sendContract,
  stateStoreContract,
  type DefineTest,
} from '@omni/testing/contracts';
import { CALL, MESSAGE, openConnection, settle } from './call-scene.ts';
import { readValues } from './read-values.ts';
import { nodeHttp } from './http-runtime.ts';

/** Each suite over an adapter that keeps every promise. */
export const SOUND_ADAPTERS: Readonly<Record<string, (it: DefineTest) => void>> = {
  messageChannelContract(it) {
    messageChannelContract(it, (listener) => {
      const wire = new PassThrough();
      return stdioChannel({ input: wire, output: wire })(listener);
    });
  },
  httpClientContract(it) {
    httpClientContract(it, nodeHttp());
  },
  exchangeContract(it) {
    exchangeContract(it, nodeHttp());
  },
  credentialProviderContract(it) {
    credentialProviderContract(it, () => ({ provider: configuredCredentials }));
  },
  changingCredentials(it) {
    credentialProviderContract(it, () => {
      const provider = new ScriptedCredentials();
      return { provider, change: (upstream, value) => provider.set(upstream, { headers: { key: value } }) };
    });
  },
  secretProviderContract(it) {
    secretProviderContract(it, () => {
      const provider = new ScriptedSecrets();
      return { provider, names: ['db/password', 'token'], isWritable: true, isListed: true };
    });
  },
  sealedStoreContract(it) {
    sealedStoreContract(it, () => new MemorySealedStore());
  },
  clockContract(it) {
    // The real clock: somebody has to wait for it.
    const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    clockContract(it, () => ({ clock: systemClock, pass }));
  },
  callStageContract(it) {
    let held = 0;
    class Counted extends FollowedCall {
      protected override onOver(): void {
        held--;
      }
    }
    callStageContract(it, {
      open: (next: SendCall) => (call, handler) => {
        held++;
        return new Counted(handler).begin(next, call);
      },
      held: () => held,
      call: CALL,
      message: MESSAGE,
    });
  },
  sendContract(it) {
    sendContract<UpstreamCall, RpcMessage>(it, {
      call: CALL,
      answering: async () => (await openConnection()).send,
      closed: async () => {
        const { send, stop } = await openConnection();
        await stop();
        return send;
      },
      settle,
    });
  },
  auditSinkContract(it) {
    auditSinkContract(it, () => {
      const sink = new MemoryAudit();
      return { sink, read: () => sink.records };
    });
  },
  metricsContract(it) {
    metricsContract(it, () => {
      const metrics = new MetricRegistry();
      return { metrics, read: (name) => readValues(metrics, name) };
    });
  },
  stateStoreContract(it) {
    stateStoreContract(it, async () => ({
      store: await openStore(
        { url: 'memory:', schema: 'omni', stateFolder: '/nowhere' },
        { clock: systemClock, logger: silentLogger },
      ),
    }));
  },
};
