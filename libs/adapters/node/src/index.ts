export { exposeCollector } from './http/buffer-collector.ts';
export { NodeChannelDialer, type NodeChannelDialerOptions } from './sockets/channel-dialer.ts';
export { NodeChildLauncher, type NodeChildLauncherOptions } from './processes/child-launcher.ts';
export { checkConfigSafety, type ConfigSafety, type ReadFile } from './files/config-safety.ts';
export {
  baseNamesOf,
  type ConfigFile,
  type ConfigFilesOptions,
  environmentName,
  readConfigSources,
} from './files/config-files.ts';
export { ConfigWatch, type ConfigWatchOptions } from './files/config-watch.ts';
export { findConfig, type FindConfigOptions, type FoundConfig } from './files/found-config.ts';
export { makePrivateFolder } from './files/private-folder.ts';
export { replaceFile } from './files/replace-file.ts';
export { ownerProof, type ProvenPlace } from './files/owner-proof.ts';
export { type FileToken, loadOrCreateToken } from './files/file-token.ts';
export {
  proxyRules,
  proxySettings,
  type ProxyOf,
  type ProxySettings,
  unusableProxies,
} from './http/client/proxy-rules.ts';
export { UndiciHttpClient, type UndiciHttpClientOptions } from './http/http-client.ts';
export { type ListenAddress, NodeHttpListener, type NodeHttpListenerOptions } from './http/http-listener.ts';
export { LineSplitter } from './sockets/line-splitter.ts';
export { nodeHandler } from './http/mounted/node-handler.ts';
export { type LaunchedProcess, watchLaunchers } from './processes/launcher-watch.ts';
export {
  serviceManager,
  type ServiceManagerOptions,
  type ServiceSupervisor,
} from './processes/service-manager.ts';
export { orphanSweep } from './processes/orphan-sweep.ts';
export { type BufferedLogger, createPinoLogger, type PinoLoggerOptions } from './logging/pino-logger.ts';
export { NodeSocketListener, type NodeSocketListenerOptions } from './sockets/socket-listener.ts';
export { controlSocketPath, defaultSocketPath } from './sockets/socket-path.ts';
export { ProcessRoleHost } from './roles/process-role-host.ts';
export { runRole } from './roles/run-role.ts';
export { type RoleEntryOptions, ThreadRoleHost, type ThreadRoleOptions } from './roles/thread-role-host.ts';
export { stateDirectory } from './files/state-directory.ts';
export { stdioChannel, type StdioChannelOptions } from './sockets/stdio-channel.ts';
export type { TlsFiles } from './http/tls-files.ts';
export type { UpgradeDecision, UpgradeRequest, WebSocketOptions } from './sockets/web-socket-upgrades.ts';
export type { OwnershipFacts } from './files/changeable-by.ts';
export type { ServedChannel } from './sockets/served-channel.ts';
export { NodeHeapMeter } from './metrics/node-heap-meter.ts';
export { measureRuntime } from './metrics/runtime-metrics.ts';
export { EnvironmentSecrets, type EnvironmentSecretsOptions } from './secrets/environment-secrets.ts';
export { FileSecrets, type FileSecretsOptions } from './secrets/file-secrets.ts';
export { Keychain, type KeyringEntry, type KeyringModule } from './secrets/keychain.ts';
export { KeychainSecrets, KeychainText } from './secrets/keychain-secrets.ts';
export { PrivateTextFile } from './secrets/private-text-file.ts';
export { ProgramSecrets, type ProgramSecretsOptions } from './secrets/program-secrets.ts';
export {
  type VaultAnswer,
  type VaultCall,
  VaultClient,
  type VaultClientOptions,
  type VaultLogin,
} from './secrets/vault-client.ts';
export {
  VaultSecrets,
  type VaultSecretsOptions,
  VaultTransitKey,
  type VaultTransitKeyOptions,
} from './secrets/vault-secrets.ts';
