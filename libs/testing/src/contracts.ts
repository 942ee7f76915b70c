export { auditSinkContract, type AuditSinkScene } from './contracts/audit-sink-contract.ts';
export { callStageContract, type StageUnderTest, type StagedCall } from './contracts/call-stage-contract.ts';
export { clockContract, type ClockScene } from './contracts/clock-contract.ts';
export {
  credentialProviderContract,
  type CredentialScene,
} from './contracts/credential-provider-contract.ts';
export type { DefineTest } from './contracts/define-test.ts';
export { exchangeContract } from './contracts/exchange-contract.ts';
export { httpClientContract } from './contracts/http-client-contract.ts';
export type { HttpRuntime, RunningOrigin } from './contracts/http-scene.ts';
export { messageChannelContract } from './contracts/message-channel-contract.ts';
export { metricsContract, type MetricsScene } from './contracts/metrics-contract.ts';
export { roleContractProgram, roleHostContract } from './contracts/role-host-contract.ts';
export { sendContract, type SenderUnderTest } from './contracts/send-contract.ts';
export { stateStoreContract, type StateStoreScene } from './contracts/state-store-contract.ts';
export type { MessageText } from './recording-call.ts';
export type { Send, Handler, Chunks } from './contracts/call-sender.ts';
export { sealedStoreContract } from './contracts/sealed-store-contract.ts';
export { secretProviderContract, type SecretProviderScene } from './contracts/secret-provider-contract.ts';
