import { callParams, type UpstreamCall } from '@omni/model';

/**
 * The parameters of a call with its id in the place of the progress token: clients choose tokens without
 * knowing of each other.
 */
export function paramsWithOwnToken(call: UpstreamCall, id: number): string {
  const token = call.progressToken;
  return callParams(
    call,
    token === undefined
      ? []
      : [{ start: token.start, end: token.end, text: /* guard: link/progress-token */ String(id) }],
  );
}

/** The client's progress token as JSON. */
export function clientTokenOf({ progressToken: token, text }: UpstreamCall): string | undefined {
  return token === undefined ? undefined : text.slice(token.start, token.end);
}
