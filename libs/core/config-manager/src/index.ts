export type { ConfigProblem, Position } from './checks/config-problem.ts';
export type { ConfigSource } from './document/config-source.ts';
export { ConfigurationManager, type Unsubscribe } from './configuration-manager.ts';
export { defaultConfiguration, type Configuration } from './configuration.ts';
export { parseConfiguration, type ParseOptions } from './parse-configuration.ts';
export type { UpstreamConfig } from './upstream-config.ts';
export type { Environment } from './document/variables.ts';
export type { ListenAddress } from './schema/listen-address.ts';
export type { GatewaySettings, GatewaySettingsSchema } from './schema/configuration-schema.ts';
