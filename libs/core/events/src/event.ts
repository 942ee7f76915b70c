import type { Millis } from '@omni/ports';
import type { EventSeverity, EventType } from './event-catalogue.ts';

/** What an event is about; members are absent where they mean nothing. */
export interface EventSubject {
  readonly server?: string;
  readonly tool?: string;
  /** Key of the session; never the id that its client shows. */
  readonly session?: string;
  readonly principal?: string;
  /** A component of the health monitor. */
  readonly component?: string;
}

/** Who may be shown an event. */
export interface EventAcl {
  /** Servers that the reader must be allowed to see, all of them. */
  readonly servers: readonly string[];
  readonly minRole: 'user' | 'owner';
  /** The one user who may be shown it without that role: whose doing it tells of. */
  readonly principal?: string;
}

/** What whoever publishes says; the bus adds the rest. */
export interface NewEvent {
  readonly type: EventType;
  /** Default: that of the type. */
  readonly severity?: EventSeverity;
  readonly subject?: EventSubject;
  /** Plain data, free of secrets; what a user has sent does not belong here. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** The trace that it belongs to: 32 hexadecimal digits. */
  readonly trace?: string | undefined;
  /** Default: users who may see the server of the subject. */
  readonly acl?: EventAcl;
}

/** One event as it is kept and sent (requirements 3.7): plain data. */
export interface OmniEvent {
  /** Sorts as text in the order of publishing, across runs too; fit for the `id:` of a server-sent event. */
  readonly id: string;
  readonly type: EventType;
  /** Wall clock. */
  readonly time: Millis;
  /** Which Omni, and which of its roles. */
  readonly source: { readonly instance: string; readonly role: string };
  readonly severity: EventSeverity;
  readonly subject: EventSubject;
  readonly data: Readonly<Record<string, unknown>>;
  readonly trace?: string;
  readonly acl: EventAcl;
  /** Version of this shape. */
  readonly v: 1;
}
