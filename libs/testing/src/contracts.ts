export { credentialProviderContract } from './credential-provider-contract.ts';
export { exchangeContract } from './exchange-contract.ts';
export { httpClientContract, type HttpRuntime, type RunningOrigin } from './http-client-contract.ts';
export { messageChannelContract } from './message-channel-contract.ts';
