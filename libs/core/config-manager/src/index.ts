export type { ConfigProblem, Position } from './checks/config-problem.ts';
export type { ConfigSource } from './document/config-source.ts';
export { type ConfigAccessor, ConfigurationManager, type Unsubscribe } from './configuration-manager.ts';
export {
  ConfigurationReload,
  type ConfigurationReloadOptions,
  type ReloadCause,
  type ReloadOutcome,
  type SourceReading,
} from './reload/configuration-reload.ts';
export { revisionDocument, type RevisionDocument, type RevisionSource } from './reload/revision-document.ts';
export { suspiciousLoss } from './reload/lost-servers.ts';
export { settingsThatNeedRestart } from './reload/restart-needed.ts';
export { defaultConfiguration, type Configuration } from './configuration.ts';
export { literalSecrets, type LiteralSecret } from './literal-secrets.ts';
export { parseConfiguration, type ParseOptions, parseSecretsSettings } from './parse-configuration.ts';
export type { SecretReading, SecretSource } from './collaborators.ts';
export type {
  SecretPlace,
  SecretRuleSettings,
  SecretsSettings,
  VaultSettings,
} from './schema/secrets-schema.ts';
export type { UpstreamConfig } from './upstream-config.ts';
export type { Environment } from './document/variables.ts';
export { hostProblem, originProblem } from './schema/setting-schema.ts';
export { MAX_DURATION_MS } from './schema/duration.ts';
export type { ListenAddress } from './schema/listen-address.ts';
export type { GatewaySettings, GatewaySettingsSchema } from './schema/configuration-schema.ts';
export type { ConfigLayers, FlagSetting, LayerKind, RuntimeOverride } from './layers/config-layers.ts';
