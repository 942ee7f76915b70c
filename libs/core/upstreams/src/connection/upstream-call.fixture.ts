import type { UpstreamCall } from '@omni/model';

/** A call of a client. @param text - Its parameters, as JSON. */
export function callOf(method: string, text: string): UpstreamCall {
  return {
    method,
    text,
    paramsStart: 0,
    paramsEnd: text.length,
    edits: [],
    progressToken: undefined,
    name: undefined,
    paramHeaders: [],
    clientId: '1',
    callerKey: 'client',
    allowPassthrough: false,
  };
}
