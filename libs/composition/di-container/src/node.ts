export {
  loadConfiguration,
  parseConfigurationText,
  type Configuration,
  type Environment,
  type FlagSetting,
  type LoadOptions,
  type RuntimeOverride,
  type TextOptions,
} from './node/node-configuration.ts';
export { ConfigurationFiles, type FilesReading } from './node/reload/configuration-files.ts';
export type {
  AppliedConfiguration,
  ConfigurationHistory,
  ConfigurationOrigin,
} from './node/reload/followed-configuration.ts';
export {
  approveConfiguration,
  type ApproveOptions,
  openConfiguration,
  type OpenConfigurationOptions,
} from './node/reload/open-configuration.ts';
export { askOmni, type AskOptions } from './node/control/ask-omni.ts';
export {
  type ConfiguredSecrets,
  type MigratedSecret,
  migrateSecrets,
  type MigrateOptions,
  openConfiguredSecrets,
} from './node/secrets/secrets-of-configuration.ts';
export type { NodeSecrets } from './node/secrets/secret-credentials.ts';
export type { OpenSecrets } from './node/secrets/open-secrets.ts';
export { configurationJsonSchema } from '@omni/config/json-schema';
export { environmentExample } from '@omni/config/settings-view';
export type {
  MigratedText,
  NamedVariable,
  ServerOwner,
  SettingDifference,
  SettingOrigin,
  SettingsView,
  SettingView,
} from '@omni/config/settings-view';
export {
  compareConfigurations,
  migrateConfiguration,
  type MigratedFile,
  variablesOfConfiguration,
  viewConfiguration,
} from './node/configuration-views.ts';
export {
  exposeCollector,
  serviceManager,
  type ServiceSupervisor,
  stateDirectory,
  watchLaunchers,
} from '@omni/node';
export { backupStore, checkStore, restoreStore, sqlitePath, type StoreCheck } from '@omni/sql';
export { PhaseLog } from './phase-log.ts';
export {
  createNodeMasterServer,
  type NodeMasterServerOptions,
  type TelemetryExporter,
} from './node/node-master-server.ts';
export type { SupervisionKind } from './node/coordinator-host.ts';
export { MetricRegistry, type MetricReading } from '@omni/telemetry';
export { startHttpGateway, type HttpGateway, type HttpGatewayOptions } from './node/http-gateway.ts';
export { startStdioGateway, type StdioGateway, type StdioGatewayOptions } from './node/stdio-gateway.ts';
