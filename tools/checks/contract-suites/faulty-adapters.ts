import { PassThrough } from 'node:stream';
import type { RpcMessage } from '@omni/jsonrpc';
import type { SendCall, UpstreamCall } from '@omni/model';
import { stdioChannel } from '@omni/node';
import {
  type AuditRecord,
  configuredCredentials,
  type Metrics,
  silentLogger,
  systemClock,
} from '@omni/ports';
import { openStore } from '@omni/sql';
import { MetricRegistry } from '@omni/telemetry';
import { MemorySealedStore, ScriptedSecrets } from '@omni/testing';
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
import { CALL, MESSAGE, settle } from './call-scene.ts';
import { nodeHttp } from './http-runtime.ts';
import { readValues } from './read-values.ts';

/** Each suite over an adapter that breaks one promise; how the title of the test begins that must notice. */
export const FAULTY_ADAPTERS: Readonly<
  Record<string, { readonly noticed: string; readonly define: (it: DefineTest) => void }>
> = {
  messageChannelContract: {
    noticed: 'takes no message after it is closed',
    define(it) {
      messageChannelContract(it, (listener) => {
        const wire = new PassThrough();
        const channel = stdioChannel({ input: wire, output: wire })(listener);
        return { send: (text) => channel.send(text) || true, close: () => channel.close() };
      });
    },
  },
  lateMessageChannelContract: {
    noticed: 'says nothing after the end',
    define(it) {
      messageChannelContract(it, (listener) => {
        const wire = new PassThrough();
        return stdioChannel({ input: wire, output: wire })({
          onMessage: (text) => setImmediate(() => listener.onMessage(text)),
          onFramingError: (problem) => listener.onFramingError(problem),
          onClose: (reason) => listener.onClose(reason),
        });
      });
    },
  },
  httpClientContract: {
    noticed: 'does not follow redirects',
    define(it) {
      const allWell = nodeHttp((real) => ({
        send: (request, listener) =>
          real.send(request, {
            onHead: (_status, headers) => listener.onHead(200, headers),
            onData: (chunk) => listener.onData(chunk),
            onEnd: () => listener.onEnd(),
            onError: (error) => listener.onError(error),
          }),
        close: () => real.close(),
      }));
      httpClientContract(it, allWell);
    },
  },
  exchangeContract: {
    noticed: 'finds headers in any case',
    define(it) {
      const headless = nodeHttp(undefined, (real) => {
        const find = real.header.bind(real);
        return Object.assign(real, {
          header: (name: string) => (name === 'x-one' ? undefined : find(name)),
        });
      });
      exchangeContract(it, headless);
    },
  },
  credentialProviderContract: {
    noticed: 'gives the same objects until something changes',
    define(it) {
      credentialProviderContract(it, () => ({ provider: { ...configuredCredentials, headers: () => ({}) } }));
    },
  },
  secretProviderContract: {
    noticed: 'gives values as they are',
    define(it) {
      secretProviderContract(it, () => {
        const provider = new ScriptedSecrets();
        const put = (name: string, value: string): void => provider.put(name, value.trim());
        return { provider, put, names: ['db/password', 'token'], isWritable: true, isListed: true };
      });
    },
  },
  sealedStoreContract: {
    noticed: 'does not put one in the place of another than the expected one',
    define(it) {
      sealedStoreContract(it, () => {
        const store = new MemorySealedStore();
        const write = store.write.bind(store);
        store.write = (row) => write(row);
        return store;
      });
    },
  },
  clockContract: {
    noticed: 'runs an action without a delay after it has returned',
    define(it) {
      const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
      const after = (_delayMs: number, action: () => void) => {
        action();
        return () => {};
      };
      clockContract(it, () => ({ clock: { ...systemClock, after }, pass }));
    },
  },
  callStageContract: {
    noticed: 'cancels with the reason',
    define(it) {
      callStageContract(it, {
        open: (next: SendCall) => (call, handler) => {
          const running = next(call, handler);
          return { cancel: () => running.cancel() };
        },
        call: CALL,
        message: MESSAGE,
      });
    },
  },
  sendContract: {
    noticed: 'tells an answer after it has returned, and once',
    define(it) {
      sendContract<UpstreamCall, RpcMessage>(it, {
        call: CALL,
        answering: () =>
          Promise.resolve((_call, handler) => {
            handler.onAnswer({ kind: 'message', message: MESSAGE, status: 200 });
            return { cancel() {} };
          }),
        settle,
      });
    },
  },
  auditSinkContract: {
    noticed: 'keeps a record as it was when it was told',
    define(it) {
      auditSinkContract(it, () => {
        const records: AuditRecord[] = [];
        return { sink: { record: (record) => void records.push(record) }, read: () => records };
      });
    },
  },
  metricsContract: {
    noticed: 'tells series apart by each of their labels',
    define(it) {
      metricsContract(it, () => {
        const metrics = new MetricRegistry();
        const forgetful: Metrics = {
          counter: (facts) => {
            const family = metrics.counter(facts);
            return { with: (tool = '') => family.with(tool, 'ok') };
          },
          histogram: (facts) => metrics.histogram(facts),
          gauge: (facts, read) => metrics.gauge(facts, read),
          sum: (facts, read) => metrics.sum(facts, read),
        };
        return { metrics: forgetful, read: (name) => readValues(metrics, name) };
      });
    },
  },
  stateStoreContract: {
    noticed: 'writes a batch of which it knows the key no second time',
    define(it) {
      stateStoreContract(it, async () => {
        const store = await openStore(
          { url: 'memory:', schema: 'omni', stateFolder: '/nowhere' },
          { clock: systemClock, logger: silentLogger },
        );
        const write = store.write.bind(store);
        let count = 0;
        store.write = (batch) => write({ ...batch, key: `${batch.key} ${count++}` });
        return { store };
      });
    },
  },
};
