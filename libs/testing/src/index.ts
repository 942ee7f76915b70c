export { VirtualClock } from './fake-clock.ts';
export {
  RecordingCall,
  RecordingChunks,
  type AnswerHead,
  type MessageText,
  type AnswerServerRequest,
  type CallPhase,
  type CallAnswer,
} from './recording-call.ts';
export {
  LOOPBACK_CONNECTION,
  RecordingExchange,
  type RecordedEvent,
  type RecordedRequest,
} from './recording-exchange.ts';
export { RecordingListener } from './recording-listener.ts';
export { RecordingResponse } from './recording-response.ts';
export { ScriptedCredentials, type ScriptedValues } from './scripted-credentials.ts';
export { ScriptedInstance, ScriptedServer, type ScriptedMessage } from './scripted-channel.ts';
export { ScriptedExchange, ScriptedHttpClient } from './scripted-http-client.ts';
export { SmallBudget } from './small-budget.ts';
export { upstreamSpecOf } from './upstream-spec-of.ts';
export { MemoryAudit } from './memory-audit.ts';
export { MemorySealedStore } from './memory-sealed-store.ts';
export { MemorySharedText } from './memory-shared-text.ts';
export { ScriptedSecrets } from './scripted-secrets.ts';
