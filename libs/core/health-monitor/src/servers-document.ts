import type { StatusLevel } from '@omni/ports';
import { isoTime } from './health-document.ts';
import type { HealthRollup } from './health-rollup.ts';

/**
 * How a server does, in the words of summaries (X000-05): `degraded` is up with trouble, such as fewer missed
 * probes than make it down; `unknown`: nobody knows yet.
 */
export type ServerLevel = 'ok' | 'degraded' | 'down' | 'unknown';

export interface ServerSummary {
  readonly name: string;
  readonly status: ServerLevel;
  readonly critical: boolean;
  /** When that began, ISO 8601; `null`: not known. */
  readonly since: string | null;
  /** Share of the last hour in which it was well, in per cent; `null`: not known. */
  readonly score: number | null;
}

/** All servers that are switched on, and what they are together. */
export interface ServersDocument {
  /** `ok`: all are. `down`: all are. `degraded`: anything between. Without servers: `ok`. */
  readonly status: Exclude<ServerLevel, 'unknown'>;
  readonly servers: readonly ServerSummary[];
}

const LEVELS: Readonly<Record<StatusLevel, ServerLevel>> = {
  ok: 'ok',
  warn: 'degraded',
  error: 'down',
  unknown: 'unknown',
};

export function serversDocument({ components }: HealthRollup): ServersDocument {
  const servers = components.flatMap(({ server: name, level, critical, since, scorecard }) =>
    name === undefined
      ? []
      : {
          name,
          status: LEVELS[level],
          critical,
          since: isoTime(since),
          score: scorecard.score,
        },
  );
  return { status: together(servers), servers };
}

function together(servers: readonly ServerSummary[]): ServersDocument['status'] {
  if (servers.every(({ status }) => status === 'ok')) return 'ok';
  return servers.every(({ status }) => status === 'down') ? 'down' : 'degraded';
}
