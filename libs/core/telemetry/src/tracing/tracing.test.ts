import { describe, expect, it } from '@jest/globals';
import {
  ALL_SERVERS,
  callParams,
  type ClientContext,
  forwardedHeadersOf,
  type Outcome,
  type SendCall,
  type UpstreamCall,
} from '@omni/model';
import type { RpcMessage } from '@omni/jsonrpc';
import { GatewayError } from '@omni/ports';
import { callStageContract } from '@omni/testing/contracts';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { CALL, FACTS, LIMITS, messageOf, sent } from '../call-scene.fixture.ts';
import { callTracing } from './call-tracer.ts';
import { RequestTracer } from './request-tracer.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const UNSAMPLED = `00-${TRACE}-b7ad6b7169203331-00`;
const CLIENT: ClientContext = {
  principal: { id: 'ada', kind: 'token' },
  era: 'modern',
  endpoint: ALL_SERVERS,
  session: undefined,
  capabilities: '{}',
  clientInfo: '{}',
};

function scene(root: AlwaysOnSampler | AlwaysOffSampler = new AlwaysOnSampler()) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('omni');
  return {
    requests: new RequestTracer({ tracer, limits: LIMITS }),
    stage: callTracing(tracer),
    spans: (): readonly ReadableSpan[] => exporter.getFinishedSpans(),
  };
}

function requestOf(meta: string, extra = ''): RpcMessage {
  return messageOf(
    `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"files__read"${extra}${meta}}}`,
  );
}

/** The call that the router makes of a request. */
function callOf(message: RpcMessage): UpstreamCall {
  return {
    ...CALL,
    text: message.text,
    paramsStart: message.params?.start ?? 0,
    paramsEnd: message.params?.end ?? 0,
    forwardedHeaders: forwardedHeadersOf(message, undefined, undefined),
  };
}

describe('tracing of a call', () => {
  it('is one trace from the client over Omni to the server [S002-DG-01] [S003-LG-05]', () => {
    const { requests, stage, spans } = scene();
    const request = requestOf(`,"_meta":{"traceparent":"${PARENT}","tracestate":"a=b"}`);
    const traced = requests.begin(request, CLIENT);
    const { handler, call } = sent(stage, callOf(traced?.message ?? request));
    handler.onAnswer({
      kind: 'message',
      message: messageOf('{"jsonrpc":"2.0","id":1,"result":{"isError":true}}'),
      status: 200,
    });
    traced?.end({ kind: 'message', payload: '', status: 200 });
    const [client, server] = spans();
    expect(server).toMatchObject({
      name: 'tools/call files__read',
      kind: SpanKind.SERVER,
      parentSpanContext: { traceId: TRACE, spanId: 'b7ad6b7169203331', isRemote: true },
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'files__read',
        'jsonrpc.request.id': '7',
      },
    });
    expect(client).toMatchObject({
      name: 'tools/call read',
      kind: SpanKind.CLIENT,
      parentSpanContext: { traceId: TRACE, spanId: server?.spanContext().spanId },
      status: { code: SpanStatusCode.ERROR },
      attributes: {
        'gen_ai.tool.name': 'read',
        'omni.upstream': 'files',
        'network.transport': 'tcp',
        'error.type': 'tool_error',
      },
    });
    const told = `00-${TRACE}-${client?.spanContext().spanId}-01`;
    expect(callParams(call)).toBe(
      `{"name":"files__read","_meta":{"traceparent":"${told}","tracestate":"a=b"}}`,
    );
    expect(call.forwardedHeaders).toEqual(['traceparent', told, 'tracestate', 'a=b']);
  });

  it('begins a trace where the client has none, with parameters and metadata of its own', () => {
    const { requests, stage, spans } = scene();
    const request = messageOf('{"jsonrpc":"2.0","id":"a","method":"tools/call"}');
    const traced = requests.begin(request, CLIENT);
    const { running, call } = sent(stage, callOf(traced?.message ?? request));
    running.cancel();
    traced?.end({ kind: 'cancelled' });
    const [client, server] = spans();
    expect(server?.parentSpanContext).toBeUndefined();
    const { traceId, spanId } = client?.spanContext() ?? {};
    expect(server?.spanContext().traceId).toBe(traceId);
    expect(callParams(call)).toBe(`{"_meta":{"traceparent":"00-${traceId}-${spanId}-01"}}`);
    expect(client?.attributes['error.type']).toBe('cancelled');
  });

  it('gives every attempt a span of its own below that of the request', () => {
    const { requests, stage, spans } = scene();
    const request = requestOf('');
    const traced = requests.begin(request, CLIENT);
    for (let attempt = 0; attempt < 2; attempt++)
      sent(stage, callOf(traced?.message ?? request)).handler.onFailure(
        new GatewayError('OMNI_UPSTREAM_EXITED', 'x'),
        'sent',
      );
    traced?.end({ kind: 'error', error: new GatewayError('OMNI_UPSTREAM_EXITED', 'x') });
    const [first, second, server] = spans();
    expect(first?.spanContext().spanId).not.toBe(second?.spanContext().spanId);
    for (const attempt of [first, second])
      expect(attempt?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
    expect(server?.attributes['error.type']).toBe('OMNI_UPSTREAM_EXITED');
  });

  it('links another context that came in the headers', () => {
    const { requests, spans } = scene();
    const other = `00-${'b'.repeat(32)}-${'c'.repeat(16)}-01`;
    requests
      .begin(requestOf(`,"_meta":{"traceparent":"${PARENT}"}`), CLIENT, () => other)
      ?.end({ kind: 'cancelled' });
    expect(spans()[0]?.links).toMatchObject([
      { context: { traceId: 'b'.repeat(32), spanId: 'c'.repeat(16) } },
    ]);
  });

  it.each([
    ['the client has decided so', UNSAMPLED, new AlwaysOnSampler()],
    ['nobody wants it', undefined, new AlwaysOffSampler()],
  ])('passes untouched what is sampled out because %s', (_why, parent, root) => {
    const { requests, stage, spans } = scene(root);
    const request = requestOf(parent === undefined ? '' : `,"_meta":{"traceparent":"${parent}"}`);
    expect(requests.begin(request, CLIENT)).toBeUndefined();
    const call = callOf(request);
    expect(sent(stage, call).call).toBe(call);
    expect(spans()).toEqual([]);
  });

  // guard: trace/argument
  it('changes no argument that looks like the parent', () => {
    const { stage } = scene();
    const request = requestOf(`,"_meta":{"traceparent":"${PARENT}"}`, `,"arguments":{"x":"${PARENT}"}`);
    const { call } = sent(stage, callOf(request));
    expect(callParams(call)).toContain(`"arguments":{"x":"${PARENT}"}`);
    expect(call.forwardedHeaders?.[1]).not.toBe(PARENT);
  });

  // guard: trace/client-name
  it.each<Outcome>([
    { kind: 'error', error: new GatewayError('OMNI_NAME_UNKNOWN', 'x') },
    { kind: 'refused', error: new GatewayError('OMNI_OVERLOADED', 'x') },
    { kind: 'cancelled' },
  ])('takes no name of a client that reaches no server for a span: %j', (outcome) => {
    const { requests, spans } = scene();
    const text = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"my password is hunter2"}}';
    requests.begin(messageOf(text), CLIENT)?.end(outcome);
    const [span] = spans();
    expect(span?.name).toBe('tools/call');
    expect(JSON.stringify(span?.attributes)).not.toContain('hunter2');
  });

  it('takes no text of a client for the name of a span', () => {
    const { requests, spans } = scene();
    requests
      .begin(messageOf('{"jsonrpc":"2.0","id":1,"method":"any/thing"}'), CLIENT)
      ?.end({ kind: 'message', payload: '', status: 404, errorCode: '-32601' });
    expect(spans()[0]).toMatchObject({
      name: 'other',
      attributes: { 'error.type': '-32601', 'rpc.response.status_code': '-32601' },
    });
  });
});

describe('callTracing', () => {
  callStageContract(it, {
    open: (next: SendCall) => scene().stage(next, FACTS),
    call: { ...CALL, forwardedHeaders: ['traceparent', PARENT] },
    message: messageOf('{"jsonrpc":"2.0","method":"notifications/message","params":{}}'),
  });
});
