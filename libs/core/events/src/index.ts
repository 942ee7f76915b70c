export { RoutingEvents } from './routing-events.ts';
export { callTimeouts } from './call-timeouts.ts';
export type { EventAcl, EventSubject, NewEvent, OmniEvent } from './event.ts';
export {
  EventBus,
  type EventBusOptions,
  type EventSubscription,
  MAX_SUBSCRIPTIONS,
  type SubscribeOptions,
} from './event-bus.ts';
export {
  EVENT_CATALOGUE,
  eventFacts,
  type EventClass,
  type EventFacts,
  type EventSeverity,
  type EventType,
} from './event-catalogue.ts';
export type { EventLogLimits, Replay } from './event-log.ts';
export { FailureBurst } from './failure-burst.ts';
export { type Delivery, SUBSCRIBER_SLOTS } from './subscription.ts';
export {
  eventOfNote,
  eventOfStatus,
  type StatusChange,
  tellsOfStatus,
  type ToldNote,
} from './upstream-events.ts';
