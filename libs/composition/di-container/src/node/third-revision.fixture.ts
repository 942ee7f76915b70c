import { applyEdits, memberDrops, memberOf, objectIn, setMember } from '@omni/jsonrpc';
import type { Dialect } from '@omni/model';

/**
 * A revision that does not exist: another version, one more header that each request must have, and `outputs`
 * where the results of tools have `content`. This file is all that Omni would need to speak it.
 */
export const THIRD_REVISION: Dialect = {
  version: '2027-03-15',
  headersOf: (method) => ['mcp-area', method.split('/', 1)[0] ?? ''],
  toCommon: (method, result) => (method === 'tools/call' ? renamed(result, 'outputs', 'content') : result),
  fromCommon: (method, result) => (method === 'tools/call' ? renamed(result, 'content', 'outputs') : result),
};

function renamed(json: string, from: string, to: string): string {
  const object = objectIn(json);
  const member = memberOf(object, from);
  if (object === undefined || member === undefined) return json;
  const rest = applyEdits(
    json,
    memberDrops(json, object, ({ key }) => key === from),
  );
  const left = objectIn(rest);
  return left === undefined
    ? json
    : applyEdits(rest, [setMember(left, to, json.slice(member.start, member.end))]);
}
