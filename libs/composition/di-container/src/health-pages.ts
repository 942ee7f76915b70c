import {
  type ComponentHealth,
  healthDocument,
  type HealthMonitor,
  type HealthRollup,
  isoTime,
  READINESS_SCOPES,
  type ReadinessScope,
  serversDocument,
} from '@omni/health';
import { GatewayError, isOwner, jsonText, type Principal } from '@omni/ports';
import type { OpenPage } from '@omni/protocol';
import { unknownServer } from './upstreams/unknown-server.ts';

/** Something to read that is no message of MCP. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Pages beside those of health; `undefined` where nothing is. */
export type Pages = (path: string) => Page | undefined;

export interface HealthPageParts {
  readonly health: HealthMonitor;
  /** Names of servers that are switched off: nothing else knows them here. */
  readonly switchedOff: () => readonly string[];
}

/** Who reads a page. */
interface Reader {
  /** `undefined` for strangers. */
  readonly principal: Principal | undefined;
  /** Whether everybody is this principal: in open mode everybody may do what the owner may. */
  readonly isOpen: boolean;
}

const LIVE = new Set(['/health/live', '/healthz', '/livez']);
const READY = new Set(['/health/ready', '/readyz', '/ready']);
const COMPONENTS = '/health/components';
const SERVERS = '/servers';
const SERVER = /^\/servers\/([A-Za-z0-9][A-Za-z0-9._-]{0,31})$/;
/** Whoever asks for a probe waits no longer: the 5 s of R-10, and the way of what they found. */
const PROBE_BUDGET_MS = 5_500;

/**
 * The pages of health: liveness and readiness with their aliases, all components, all servers, and one
 * server.
 *
 * The verdict is for everybody; names, states and failures are for those who show who they are, and what
 * servers wrote of their own accord for the owner.
 *
 * @param query - Of readiness: `scope` is one of {@link READINESS_SCOPES}, and `probe=1` lets those who show
 * who they are wait until servers have been asked. Where what is known is older than a probe's interval, the
 * servers that count are asked for everybody: once, since it is known then.
 */
export function healthPage(parts: HealthPageParts, path: string, query: string): OpenPage | undefined {
  const { health } = parts;
  if (LIVE.has(path))
    return (principal, isOpen) => {
      const rollup = health.getLiveness();
      return healthOf(rollup, rollup.live, { principal, isOpen });
    };
  if (READY.has(path)) return (principal, isOpen) => readiness(health, query, { principal, isOpen });
  if (path === COMPONENTS)
    return (principal, isOpen) =>
      principal === undefined
        ? notForStrangers(path)
        : jsonPage(componentTable(health.getReadiness(), { principal, isOpen }));
  if (path === SERVERS)
    return (principal) => {
      const { status, servers } = serversDocument(health.getReadiness());
      return jsonPage(
        principal === undefined ? { status } : { status, servers, switchedOff: parts.switchedOff() },
      );
    };
  const server = SERVER.exec(path)?.[1];
  if (server === undefined) return undefined;
  return (principal, isOpen) =>
    // Which servers there are is for nobody to try out.
    principal === undefined ? notForStrangers(path) : serverPage(parts, server, { principal, isOpen });
}

function readiness(
  health: HealthMonitor,
  query: string,
  reader: Reader,
): Page | GatewayError | Promise<Page> {
  const parameters = new URLSearchParams(query);
  const scope = parameters.get('scope') ?? undefined;
  if (!isScope(scope))
    return new GatewayError('OMNI_PARAMS_INVALID', 'scope is none of core, critical and all', {
      hint: 'core: Omni itself. critical, the default: also the servers that are critical. all: every server.',
    });
  const page = (): Page => {
    const rollup = health.getReadiness(scope);
    return healthOf(rollup, rollup.ready, reader);
  };
  const isAnew =
    parameters.get('probe') === '1' && /* guard: health/probe-by-strangers */ reader.principal !== undefined;
  const probed = isAnew ? health.probe(PROBE_BUDGET_MS) : health.probeOutdated(scope, PROBE_BUDGET_MS);
  return probed === undefined ? page() : probed.then(page);
}

function isScope(scope: string | undefined): scope is ReadinessScope | undefined {
  return scope === undefined || READINESS_SCOPES.some((one) => one === scope);
}

function healthOf(rollup: HealthRollup, isGood: boolean, reader: Reader): Page {
  const { checks, ...verdict } = healthDocument(rollup);
  const details =
    reader.principal === undefined
      ? {}
      : {
          ...(checks !== undefined && { checks }),
          details: Object.fromEntries(
            rollup.components.map((component) => [component.name, detailsFor(component, reader)]),
          ),
        };
  return {
    status: isGood ? 200 : 503,
    contentType: 'application/health+json',
    body: jsonText({ ...verdict, ...details }),
  };
}

function detailsFor({ details, ownerDetails }: ComponentHealth, { principal, isOpen }: Reader): object {
  const isForOwner =
    principal !== undefined && /* guard: health/owner-details */ (isOpen || isOwner(principal));
  return isForOwner ? { ...details, ...ownerDetails } : details;
}

function componentTable(rollup: HealthRollup, reader: Reader): object {
  return {
    status: healthDocument(rollup).status,
    components: rollup.components.map((component) => ({
      name: component.name,
      level: component.level,
      critical: component.critical,
      since: isoTime(component.since),
      ...component.scorecard,
      details: detailsFor(component, reader),
    })),
  };
}

function serverPage(
  { health, switchedOff }: HealthPageParts,
  name: string,
  reader: Reader,
): Page | GatewayError {
  const rollup = health.getReadiness();
  const summary = serversDocument(rollup).servers.find((server) => server.name === name);
  const component = rollup.components.find(({ server }) => server === name);
  if (summary !== undefined && component !== undefined)
    return jsonPage({
      ...summary,
      changes: component.scorecard.changes,
      details: detailsFor(component, reader),
    });
  const off = switchedOff();
  if (off.includes(name)) return jsonPage({ name, status: 'disabled' });
  const names = rollup.components.flatMap(({ server }) => server ?? []);
  return unknownServer(name, [...names, ...off]);
}

function notForStrangers(path: string): GatewayError {
  return new GatewayError('OMNI_AUTH_REQUIRED', `${path} is for those who show who they are`);
}

function jsonPage(body: object): Page {
  return { status: 200, contentType: 'application/json', body: jsonText(body) };
}
