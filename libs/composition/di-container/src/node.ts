export {
  loadConfiguration,
  parseConfigurationText,
  type Configuration,
  type Environment,
} from './node-configuration.ts';
export { configurationJsonSchema } from '@omni/config';
export { exposeCollector } from '@omni/node';
export { createNodeMasterServer, type NodeMasterServerOptions } from './node-master-server.ts';
export { startHttpGateway, type HttpGateway, type HttpGatewayOptions } from './http-gateway.ts';
export { startStdioGateway, type StdioGateway, type StdioGatewayOptions } from './stdio-gateway.ts';
