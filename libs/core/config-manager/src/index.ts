export type { ConfigProblem } from './config-problem.ts';
export type { ConfigSource } from './config-source.ts';
export { configurationJsonSchema } from './configuration-json-schema.ts';
export { ConfigurationSchema, type ConfigurationInput } from './configuration-schema.ts';
export { ConfigurationView, type Unsubscribe } from './configuration-view.ts';
export { parseConfiguration, type Configuration, type ParseOptions } from './parse-configuration.ts';
export { featureVariable, type UpstreamConfig } from './upstream-config.ts';
export type { Environment } from './variables.ts';
