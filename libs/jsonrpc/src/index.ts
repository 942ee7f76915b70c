export {
  memberOf,
  objectIn,
  scanJson,
  stringAt,
  stringMember,
  TRUSTED_LIMITS,
  type JsonLimits,
  type JsonMember,
  type JsonObject,
  type JsonProblem,
  type JsonScan,
  type JsonSpan,
  type RecordPlan,
} from './json-scan.ts';
export { nullDrops, type OptionalMembers } from './null-members.ts';
export {
  metaOf,
  parseMessage,
  rawOf,
  type RpcBatch,
  type RpcMessage,
  type RpcRejection,
} from './rpc-message.ts';
export { errorText, notificationText, requestText, resultText, withId } from './rpc-text.ts';
export {
  applyEdits,
  memberDrops,
  setMember,
  setMembers,
  withoutMembers,
  type TextEdit,
} from './text-edit.ts';
