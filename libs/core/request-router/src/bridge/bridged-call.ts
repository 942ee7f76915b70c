import { applyEdits, askerOf, type UpstreamCall, type UpstreamLink, type GatewayRequest, type ReplySink } from '@omni/wire';
import type { RoutePlan } from '../route-plan.ts';
import type { BridgedParams } from './bridge-params.ts';

/** Everything that one call to a server of the other era has to do with. */
export interface Crossing {
  readonly request: GatewayRequest;
  readonly plan: RoutePlan;
  readonly link: UpstreamLink;
  readonly reply: ReplySink;
  /** Asks the next server instead; `undefined` for the last one. */
  readonly onNotHere: (() => void) | undefined;
}

/** The client's parameters with the edits of the plan; empty when it sent none. */
export function plannedParams({ request: { message }, plan }: Crossing): string {
  const { params } = message;
  return params === undefined ? '' : applyEdits(message.text, plan.edits, params.start, params.end);
}

/** A call with translated parameters. Its answer has to be read. */
export function bridgedCall({ request: { message, client }, plan }: Crossing, { text, progressToken }: BridgedParams): UpstreamCall {
  return {
    method: message.method,
    text,
    paramsStart: 0,
    paramsEnd: text.length,
    edits: [],
    progressToken,
    name: plan.name,
    paramHeaders: plan.paramHeaders,
    clientId: message.id,
    asker: askerOf(client),
    mayPassBytes: false,
  };
}
