import { memberOf, rawOf, type RpcMessage } from '@omni/jsonrpc';

/**
 * How servers say in a result that they have no such tool, as the libraries that many are built on do.
 */
const NO_SUCH_TOOL =
  /\b(?:unknown|no such|unrecognized|non-?existent) tool\b|\btool\b.{0,300}?\b(?:not found|unknown|does ?n[o']t exist|not (?:available|registered|recognized))\b/is;
/** What of a result is looked through for it. */
const MAX_LOOKED_AT = 2_000;

/**
 * Errors by which a server says that it does not have the resource: the code in force, the one before, and no
 * resources at all.
 */
const NOT_HERE: ReadonlySet<string | undefined> = new Set(['-32602', '-32002', '-32601']);

/** The code of an error response as it is written; `undefined` for a result. */
export function errorCodeOf(message: RpcMessage): string | undefined {
  return rawOf(message, memberOf(message.error?.object, 'code'));
}

/** Whether a result is an error by which a server says that it does not have the tool. */
export function saysNoSuchTool({ text, result }: RpcMessage): boolean {
  const isError = memberOf(result?.object, 'isError');
  if (isError === undefined || text.charAt(isError.start) !== 't' || result === undefined) return false;
  return NO_SUCH_TOOL.test(text.slice(result.start, result.start + MAX_LOOKED_AT));
}

/** Whether a server says with this code that it does not have what was asked for. */
export function isNotHere(code: string | undefined): boolean {
  return NOT_HERE.has(code);
}

/** HTTP status of a modern answer that came without one (MCP 2026-07-28, basic, "Error Codes"). */
export function statusOfCode(code: string | undefined): number {
  switch (code) {
    case '-32601':
      return 404;
    case '-32700':
    case '-32600':
    case '-32020':
    case '-32021':
    case '-32022':
      return 400;
    default:
      return 200;
  }
}
