import { type JsonLimits, memberOf, metaOf, type RpcMessage, stringAt } from '@omni/jsonrpc';
import {
  type ClientContext,
  type HeaderLookup,
  type Outcome,
  parseTraceparent,
  withParent,
} from '@omni/model';
import { type Context, ROOT_CONTEXT, type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { errorOfOutcome } from '../outcome-error.ts';
import { ATTRIBUTES } from '../semantic-names.ts';
import { contextOf, endSpan, parentOf, requestAttributes, spanContextOf, spanName } from './span-facts.ts';

/** A request of a client that has a span. */
export interface TracedRequest {
  /** The message in place of the one that came: what it leads to belongs to the span. */
  readonly message: RpcMessage;
  end(outcome: Outcome): void;
}

export interface RequestTracerOptions {
  readonly tracer: Tracer;
  /** Of the messages that it rewrites. */
  readonly limits: JsonLimits;
}

/**
 * Makes a server span of each request of a client. Its parent is what `params._meta` says; another context in
 * the headers becomes a link.
 *
 * A request that is sampled out costs the decision of the sampler, and goes on as it came.
 */
export class RequestTracer {
  readonly #tracer: Tracer;
  readonly #limits: JsonLimits;

  constructor({ tracer, limits }: RequestTracerOptions) {
    this.#tracer = tracer;
    this.#limits = limits;
  }

  /** @returns `undefined` for a request that is sampled out. */
  begin(message: RpcMessage, client: ClientContext, header?: HeaderLookup): TracedRequest | undefined {
    const { method } = message;
    const target = method === 'tools/call' || method === 'prompts/get' ? nameIn(message) : undefined;
    const span = this.#tracer.startSpan(
      spanName(method, undefined),
      { kind: SpanKind.SERVER },
      parentIn(message),
    );
    if (!span.isRecording()) return undefined;
    span.setAttributes({
      ...requestAttributes(method, undefined),
      [ATTRIBUTES.requestId]: message.id,
      ...(client.session !== undefined && { [ATTRIBUTES.sessionId]: client.session.key }),
    });
    link(span, message, header);
    return {
      message: withParent(message, parentOf(span), this.#limits),
      end(outcome) {
        // guard: trace/client-name
        if (hasReached(outcome)) {
          span.updateName(spanName(method, target));
          span.setAttributes(requestAttributes(method, target));
        }
        endSpan(span, errorOfOutcome(outcome));
      },
    };
  }
}

/** Whether there was a server to take the request: until then a name may be anything that a client writes. */
function hasReached(outcome: Outcome): boolean {
  if (outcome.kind === 'error')
    return outcome.error.code.startsWith('OMNI_UPSTREAM_') || outcome.error.code === 'OMNI_OUTCOME_UNKNOWN';
  return outcome.kind === 'message' || outcome.kind === 'streamed';
}

function parentIn(message: RpcMessage): Context {
  const text = metaText(message, 'traceparent');
  const parent = parseTraceparent(text);
  return parent === undefined ? ROOT_CONTEXT : contextOf(parent, true, metaText(message, 'tracestate'));
}

function link(span: Span, message: RpcMessage, header: HeaderLookup | undefined): void {
  const sent = header?.('traceparent');
  if (sent === undefined || sent === metaText(message, 'traceparent')) return;
  const other = parseTraceparent(sent);
  if (other !== undefined) span.addLink({ context: spanContextOf(other, true) });
}

function metaText(message: RpcMessage, key: string): string | undefined {
  const member = memberOf(metaOf(message), key);
  return member === undefined ? undefined : stringAt(message.text, member);
}

function nameIn({ text, params }: RpcMessage): string | undefined {
  const member = memberOf(params, 'name');
  return member === undefined ? undefined : stringAt(text, member)?.slice(0, 128);
}
