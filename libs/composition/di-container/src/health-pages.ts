import { healthDocument, type HealthMonitor } from '@omni/health';

/** Something to read that is no message of MCP. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Pages beside those of health; `undefined` where nothing is. */
export type Pages = (path: string) => Page | undefined;

const LIVE = new Set(['/health/live', '/healthz', '/livez']);
const READY = new Set(['/health/ready', '/readyz', '/ready']);

/** The health pages and their aliases (requirements R-09). Details are for requests that show who they are from. */
export function healthPage(health: HealthMonitor, path: string, isTrusted: boolean): Page | undefined {
  const asksLive = LIVE.has(path);
  if (!asksLive && !READY.has(path)) return undefined;
  const rollup = asksLive ? health.getLiveness() : health.getReadiness();
  const isGood = asksLive ? rollup.live : rollup.ready;
  const document = healthDocument(rollup);
  const details = isTrusted
    ? {
        details: Object.fromEntries(
          rollup.components.map((component) => [component.name, component.details]),
        ),
      }
    : {};
  return {
    status: isGood ? 200 : 503,
    contentType: 'application/health+json',
    body: JSON.stringify({ ...document, ...details }),
  };
}
