import {
  type CallHandler,
  type CallStage,
  parseTraceparent,
  traceparentIn,
  traceparentText,
  type UpstreamCall,
} from '@omni/model';
import { type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { MeasuredCall } from '../measured-call.ts';
import { networkTransport } from '../network-transport.ts';
import { ATTRIBUTES } from '../semantic-names.ts';
import { contextOf, endSpan, parentOf, requestAttributes, spanName } from './span-facts.ts';

/**
 * A stage that makes a client span of each call whose request is traced, and tells the server of it as its
 * parent. Calls outside of a trace pass untouched.
 */
export function callTracing(tracer: Tracer): CallStage {
  return (next, { upstream, transport, instance }) => {
    const network = networkTransport(transport);
    return (call, handler) => {
      const told = traceparentIn(call.forwardedHeaders);
      const parent = parseTraceparent(told);
      if (told === undefined || parent?.isSampled !== true) return next(call, handler);
      const target = call.method === 'tools/call' || call.method === 'prompts/get' ? call.name : undefined;
      const span = tracer.startSpan(
        spanName(call.method, target),
        {
          kind: SpanKind.CLIENT,
          attributes: {
            ...requestAttributes(call.method, target),
            [ATTRIBUTES.upstream]: upstream,
            'omni.instance': instance.key,
            ...(network !== '' && { [ATTRIBUTES.transport]: network }),
          },
        },
        contextOf(parent, false),
      );
      if (!span.isRecording()) return next(call, handler);
      return new TracedCall(handler, span).begin(
        next,
        withOtherParent(call, told, traceparentText(parentOf(span))),
      );
    };
  };
}

class TracedCall extends MeasuredCall {
  readonly #span: Span;

  constructor(next: CallHandler, span: Span) {
    super(next);
    this.#span = span;
  }

  protected override onOver(): void {
    endSpan(this.#span, this.error);
  }
}

/**
 * @param told - The parent that the call has so far. Where it stands twice, one of the two is an argument.
 */
function withOtherParent(call: UpstreamCall, told: string, parent: string): UpstreamCall {
  const { text, paramsStart, paramsEnd, edits, forwardedHeaders = [] } = call;
  const start = text.indexOf(told, paramsStart);
  const end = start + told.length;
  const isFree =
    start >= 0 &&
    end <= paramsEnd &&
    /* guard: trace/argument */ text.indexOf(told, end) < 0 &&
    !edits.some((edit) => edit.start < end && start < edit.end);
  return {
    ...call,
    edits: isFree ? [...edits, { start, end, text: parent }] : edits,
    forwardedHeaders: forwardedHeaders.map((value) => (value === told ? parent : value)),
  };
}
