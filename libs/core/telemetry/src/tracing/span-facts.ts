import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { ATTRIBUTES } from '../semantic-names.ts';
import { knownMethod } from '../known-methods.ts';
import type { TraceParent } from '@omni/model';

/** `{method} {target}`: the target is the name of a tool or prompt, never an address. */
export function spanName(method: string, target: string | undefined): string {
  const known = knownMethod(method);
  return target === undefined || target === '' ? known : `${known} ${target}`;
}

/** What is known of a request when its span begins. */
export function requestAttributes(method: string, target: string | undefined): Attributes {
  const attributes: Attributes = { [ATTRIBUTES.method]: knownMethod(method) };
  if (method === 'tools/call') {
    attributes[ATTRIBUTES.operation] = 'execute_tool';
    if (target !== undefined) attributes[ATTRIBUTES.tool] = target;
  }
  if (method === 'prompts/get' && target !== undefined) attributes[ATTRIBUTES.prompt] = target;
  return attributes;
}

/** The context of a parent that came as text. */
export function contextOf(parent: TraceParent, isRemote: boolean, state?: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent, isRemote, state));
}

export function spanContextOf(
  { traceId, spanId, isSampled }: TraceParent,
  isRemote: boolean,
  state?: string,
): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  };
}

/** What others are told as their parent. */
export function parentOf(span: Span): TraceParent {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** @param error - `error.type`; empty for a result. */
export function endSpan(span: Span, error: string): void {
  if (error !== '') {
    span.setAttribute(ATTRIBUTES.errorType, error);
    if (/^-?\d+$/.test(error)) span.setAttribute(ATTRIBUTES.statusCode, error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
