export type { ConfigProblem } from './checks/config-problem.ts';
export type { ConfigSource } from './document/config-source.ts';
export { configurationJsonSchema } from './schema/configuration-json-schema.ts';
export { ConfigurationManager, type Unsubscribe } from './configuration-manager.ts';
export { parseConfiguration, type Configuration, type ParseOptions } from './parse-configuration.ts';
export { type UpstreamConfig } from './upstream-config.ts';
export type { Environment } from './document/variables.ts';
