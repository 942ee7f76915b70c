import type { ContainerModule } from 'inversify';
import { accessModule } from './access.module.ts';
import { catalogueModule } from './catalogue.module.ts';
import { frontModule } from './front.module.ts';
import { routerModule } from './router.module.ts';
import { serverModule } from './server.module.ts';
import { upstreamsModule } from './upstreams.module.ts';

/** Wires the core to its ports, one module per concern. Which adapter answers a port is the caller's choice. */
export const GATEWAY_MODULES: readonly ContainerModule[] = [
  catalogueModule,
  upstreamsModule,
  routerModule,
  accessModule,
  frontModule,
  serverModule,
];
