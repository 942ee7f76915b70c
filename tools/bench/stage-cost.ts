/**
 * `npm run bench -- --stages`: what stages cost a call, in this process and without a server. See README.md.
 */
import { CallQueues, Limiter } from '@omni/call-policies';
import { callTimeouts } from '@omni/events';
import { parseMessage } from '@omni/jsonrpc';
import {
  ALL_SERVERS,
  type CallHandler,
  type CallStage,
  compose,
  type ConnectionFacts,
  FollowedCall,
  ForwardingHandler,
  IGNORED,
  internalCall,
  NOTHING_RUNS,
  type SendCall,
  type UpstreamAnswer,
} from '@omni/model';
import { systemClock } from '@omni/ports';
import { CallMeter, callTracing, MetricRegistry, RequestMeter, RequestTracer } from '@omni/telemetry';
import type { Tracer } from '@opentelemetry/api';
import { AlwaysOffSampler, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { createSeededRandom, shuffled } from './seeded-random.ts';
import { bootstrapMedian, differenceOfRounds, type RoundFigure } from './statistics.ts';

const ROUNDS = 31;
const CALLS = 300_000;
/** Rounds in which everything is compiled; they are not counted. */
const WARM_UP = 4;
const SEED = 20_261_129;

const AT: ConnectionFacts = {
  upstream: 'up',
  era: 'modern',
  transport: 'http',
  instance: { key: 'shared' },
  spec: {
    name: 'up',
    enabled: true,
    protocol: 'auto',
    instances: 'auto',
    connectTimeoutMs: 30_000,
    callTimeoutMs: 60_000,
    maxCallTimeMs: 600_000,
    critical: false,
    transport: { kind: 'http', url: 'http://up.test/mcp', headers: {} },
    secretValues: [],
  },
};
const CALL = { ...internalCall('tools/call', '{}'), callerKey: 'client', isInternal: false };

class Followed extends FollowedCall {
  protected override onOver(): void {}
}

const forwarding: CallStage = (next) => (call, handler) => next(call, new ForwardingHandler(handler));
const following: CallStage = (next) => (call, handler) => new Followed(handler).begin(next, call);

/** In place of a connection: keeps the handler until the answer is there. */
function connection() {
  let handler: CallHandler = IGNORED;
  const send: SendCall = (_call, behind) => {
    handler = behind;
    return NOTHING_RUNS;
  };
  return { send, answer: (answer: UpstreamAnswer) => handler.onAnswer(answer) };
}

interface Variant {
  readonly name: string;
  readonly run: (calls: number) => number;
}

/** @param stages - `undefined`: nothing is composed. */
function variant(name: string, stages: readonly CallStage[] | undefined): Variant {
  const { send: raw, answer } = connection();
  const send = stages === undefined ? raw : compose(stages, raw, AT);
  const message = parseMessage('{"jsonrpc":"2.0","id":1,"result":{}}', { maxDepth: 4, maxElements: 8 });
  if (message.kind !== 'response') throw new TypeError('this is a response');
  const whole: UpstreamAnswer = { kind: 'message', message, status: 200 };
  let answers = 0;
  const reader: CallHandler = { ...IGNORED, onAnswer: () => void answers++ };
  return {
    name,
    run(calls) {
      const before = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) {
        send(CALL, reader);
        answer(whole);
      }
      const ns = Number(process.hrtime.bigint() - before) / calls;
      if (answers < calls) throw new RangeError('calls were not answered');
      return ns;
    },
  };
}

/** What a request pays at the front for measurements, and for traces in which it is sampled out. */
function requestVariant(tracer: Tracer): Variant {
  const limits = { maxDepth: 64, maxElements: 1_000 };
  const message = parseMessage(
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"files__read","_meta":{"progressToken":1}}}',
    limits,
  );
  if (message.kind !== 'request') throw new TypeError('this is a request');
  const requests = new RequestTracer({ tracer, limits });
  const meter = new RequestMeter(new MetricRegistry(), systemClock);
  const client = {
    principal: { id: 'ada', kind: 'token' },
    era: 'modern',
    endpoint: ALL_SERVERS,
    session: undefined,
    capabilities: '{}',
    clientInfo: '{}',
  } as const;
  return {
    name: 'a request, sampled out',
    run(calls) {
      const before = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) {
        const beganMs = systemClock.monotonicMs();
        if (requests.begin(message, client) !== undefined) throw new RangeError('it was traced');
        meter.onSettled({ message, beganMs }, { kind: 'message', payload: '', status: 200 });
      }
      return Number(process.hrtime.bigint() - before) / calls;
    },
  };
}

/** Measures and prints; the variants take turns in every round. */
export function printStageCost(): void {
  const limiter = new Limiter({
    maxUpstreamInFlight: 1_000,
    maxInstanceInFlight: 1_000,
    queues: new CallQueues(systemClock),
    clock: systemClock,
  });
  const tracer = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  }).getTracer('omni');
  const variants = [
    variant('no chain', undefined),
    variant('0 stages', []),
    variant('the limiter', [limiter.stage]),
    variant('the meter', [new CallMeter(new MetricRegistry(), systemClock).stage]),
    variant('time limits', [callTimeouts(() => {}, systemClock)]),
    variant('tracing, sampled out', [callTracing(tracer)]),
    requestVariant(tracer),
    variant('6 forwarding handlers', Array<CallStage>(6).fill(forwarding)),
    variant('6 followed calls', Array<CallStage>(6).fill(following)),
  ];
  const random = createSeededRandom(SEED);
  const figures = new Map<string, RoundFigure[]>(variants.map(({ name }) => [name, []]));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const { name, run } of shuffled(variants, random)) {
      const value = run(CALLS);
      if (round >= 0) figures.get(name)?.push({ round, value });
    }
  }
  const base = figures.get('no chain') ?? [];
  process.stdout.write(`ns per call, median of ${ROUNDS} rounds of ${CALLS} calls [95 %]\n`);
  for (const [name, own] of figures) {
    const all = bootstrapMedian(
      own.map(({ value }) => value),
      SEED,
    );
    const more = differenceOfRounds(own, base, SEED);
    process.stdout.write(`${name.padEnd(24)}${show(all)}   more than no chain: ${show(more)}\n`);
  }
}

function show(estimate: ReturnType<typeof bootstrapMedian>): string {
  if (estimate === undefined) return 'nothing measured';
  const { median, low, high } = estimate;
  return `${median.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;
}
