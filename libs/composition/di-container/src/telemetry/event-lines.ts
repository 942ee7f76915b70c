import { type EventType, eventFacts, type OmniEvent } from '@omni/events';
import type { Logger } from '@omni/ports';

/** Of the states of servers, those that nobody else logs. */
const LOGGED_STATES: ReadonlySet<EventType> = new Set(['upstream.stopped', 'upstream.recovery_attempt']);

/** Writes events into the log, where nobody else does: never a share of them, always all. */
export function logEvent(logger: Logger, event: OmniEvent): void {
  const { type, id, severity, subject, trace, data } = event;
  const facts = eventFacts(type);
  if (facts.class === 'state' && !LOGGED_STATES.has(type)) return;
  const { server, principal } = subject;
  const fields = {
    ...renamed(data),
    event: type,
    eventId: id,
    ...(server !== undefined && { upstream: server }),
    ...(principal !== undefined && { principal }),
    ...(trace !== undefined && { traceId: trace }),
    ...(severity === 'critical' && { severity }),
  };
  const message = facts.s000 ?? type;
  if (severity === 'info') logger.info(fields, message);
  else if (severity === 'warn') logger.warn(fields, message);
  else logger.error(fields, message);
}

/** `pid` of a line is Omni's own. */
function renamed({ pid, ...data }: OmniEvent['data']): OmniEvent['data'] {
  return pid === undefined ? data : { ...data, childPid: pid };
}
