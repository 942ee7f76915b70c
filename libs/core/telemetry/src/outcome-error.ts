import { memberOf, rawOf, type RpcMessage } from '@omni/jsonrpc';
import type { Outcome, UpstreamAnswer } from '@omni/model';
import { TOOL_ERROR } from './semantic-names.ts';

/** A server may write anything in place of a code. */
const CODE = /^-?\d{1,10}$/;
const NO_ERROR = '';
const SOME_ERROR = 'error';

/** `error.type` of how a request ended: a code of Omni's table or of JSON-RPC; empty for a result. */
export function errorOfOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'message':
      return outcome.errorCode === undefined ? NO_ERROR : safeCode(outcome.errorCode);
    case 'error':
    case 'refused':
      return outcome.error.code;
    case 'streamed':
      return outcome.isError ? SOME_ERROR : NO_ERROR;
    case 'cancelled':
      return 'cancelled';
  }
}

/**
 * `error.type` of what a server answered. Answers that go on as bytes are not read: theirs is empty, except
 * that of a long one whose head says that it is an error.
 */
export function errorOfAnswer(answer: UpstreamAnswer): string {
  if (answer.kind === 'bytes') return NO_ERROR;
  const { message } = answer;
  if (message.error !== undefined) return safeCode(codeOf(message) ?? SOME_ERROR);
  return isToolError(message) ? TOOL_ERROR : NO_ERROR;
}

function isToolError(message: RpcMessage): boolean {
  return rawOf(message, memberOf(message.result?.object, 'isError')) === 'true';
}

function codeOf(message: RpcMessage): string | undefined {
  return rawOf(message, memberOf(message.error?.object, 'code'));
}

function safeCode(code: string): string {
  return CODE.test(code) ? code : SOME_ERROR;
}
