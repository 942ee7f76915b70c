export { credentialProviderContract } from './credential-provider-contract.ts';
export { exchangeContract } from './exchange-contract.ts';
export { httpClientContract, type HttpRuntime, type RunningOrigin } from './http-client-contract.ts';
export { messageChannelContract } from './message-channel-contract.ts';
export { callStageContract, STAGE_CHECKS, type StageUnderTest } from './call-stage-contract.ts';
export { SEND_CHECKS, sendContract, type SenderUnderTest } from './send-contract.ts';
