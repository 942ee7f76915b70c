import type { Scope } from '../scope/scope.ts';
import { registerAccess } from './access.module.ts';
import { registerCatalogue } from './catalogue.module.ts';
import { registerFront } from './front.module.ts';
import { registerRouter } from './router.module.ts';
import { registerServer } from './server.module.ts';
import { registerTelemetry } from './telemetry.module.ts';
import { registerUpstreams } from './upstreams.module.ts';

/**
 * Wires the core to its ports, one module per concern. Which adapter answers a port is the caller's choice.
 */
export function registerGateway(scope: Scope): void {
  registerTelemetry(scope);
  registerCatalogue(scope);
  registerUpstreams(scope);
  registerRouter(scope);
  registerAccess(scope);
  registerFront(scope);
  registerServer(scope);
}
