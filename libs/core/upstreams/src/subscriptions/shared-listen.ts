import { memberOf, rawOf, type RpcMessage, stringMember } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallHandler,
  internalCall,
  type RunningCall,
  type UpstreamAnswer,
  type UpstreamConnection,
  LISTEN,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import { type GatewayIdentity, modernParams } from '../connection/mcp-revision.ts';

/**
 * Told of one resource: whether the server honours the subscription, then of updates, and at last of the end
 * of the request.
 */
export interface ResourceListener extends Pick<CallHandler, 'onAnswer'> {
  onFailure(error: GatewayError): void;
  /** Called again only when the resource is honoured no longer. */
  onAcknowledged(isHonoured: boolean): void;
  onUpdated(message: RpcMessage): void;
}

/** Somebody who listens to one resource. */
interface Member {
  readonly uri: string;
  readonly listener: ResourceListener;
  /** A request of its own, after the server has refused it together with others. */
  alone: Listen | undefined;
}

/**
 * Listens to all watched resources on one connection of the modern era by one request. A filter cannot
 * change, so a request with a longer one takes the place of the one before as soon as it is acknowledged;
 * until then the one before goes on, so that nothing is lost.
 *
 * What a server refuses together is asked for one by one: one resource must not cost the others.
 *
 * @see MCP 2026-07-28, basic/subscriptions.
 */
export class SharedListen {
  readonly #connection: UpstreamConnection;
  readonly #identity: GatewayIdentity;
  readonly #newcomers = new Map<string, Member>();
  /** It is acknowledged. */
  #current: Listen | undefined;
  /** It is to take the place of the current one. */
  #next: Listen | undefined;
  #isScheduled = false;

  constructor(connection: UpstreamConnection, identity: GatewayIdentity) {
    this.#connection = connection;
    this.#identity = identity;
  }

  /** @param uri - Not listened to yet. */
  join(uri: string, listener: ResourceListener): RunningCall {
    const member: Member = { uri, listener, alone: undefined };
    this.#newcomers.set(uri, member);
    this.#schedule();
    return { cancel: () => this.#leave(member) };
  }

  onAcknowledged(listen: Listen, honoured: ReadonlySet<string>): void {
    if (listen === this.#next) {
      this.#current?.cancel();
      this.#current = listen;
      this.#next = undefined;
      this.#schedule();
    }
    for (const member of [...listen.members.values()]) {
      const isHonoured = honoured.has(member.uri);
      if (listen.fresh.delete(member) || !isHonoured) member.listener.onAcknowledged(isHonoured);
    }
  }

  /** @param isRefused - Whether the server does not want the request as it is. */
  onEnd(listen: Listen, isRefused: boolean, tell: (listener: ResourceListener) => void): void {
    const told = this.#endOf(listen);
    this.#schedule();
    // guard: watch/alone
    if (isRefused && told.length > 1) for (const member of told) this.#listenAlone(member);
    else for (const { listener } of told) tell(listener);
  }

  /** @returns Those who listen to nothing any more. */
  #endOf(listen: Listen): readonly Member[] {
    if (listen === this.#next) {
      this.#next = undefined;
      return [...listen.fresh];
    }
    if (listen !== this.#current) return [...listen.members.values()].filter(({ alone }) => alone === listen);
    this.#current = undefined;
    if (this.#next === undefined) return [...listen.members.values()];
    // They are in the next one too.
    for (const member of this.#next.members.values()) this.#next.fresh.add(member);
    return [];
  }

  /** Those who come in one go are asked for together. */
  #schedule(): void {
    if (this.#isScheduled || this.#next !== undefined || this.#newcomers.size === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#next !== undefined || this.#newcomers.size === 0) return;
      const members = new Map([...(this.#current?.members ?? []), ...this.#newcomers]);
      this.#next = new Listen(this, members, this.#newcomers.values());
      this.#newcomers.clear();
      this.#send(this.#next);
    });
  }

  #listenAlone(member: Member): void {
    member.alone = new Listen(this, new Map([[member.uri, member]]), [member]);
    this.#send(member.alone);
  }

  #send(listen: Listen): void {
    const filter = JSON.stringify({ resourceSubscriptions: [...listen.members.keys()] });
    listen.running = this.#connection.send(
      internalCall(LISTEN, modernParams(this.#identity, `"notifications":${filter}`)),
      listen,
    );
  }

  #leave(member: Member): void {
    member.alone?.cancel();
    if (this.#newcomers.get(member.uri) === member) this.#newcomers.delete(member.uri);
    this.#current?.forget(member);
    this.#next?.forget(member);
    if (this.#current?.members.size === 0) {
      this.#current.cancel();
      this.#current = undefined;
    }
    if (this.#next?.fresh.size !== 0) return;
    this.#next.cancel();
    this.#next = undefined;
    this.#schedule();
  }
}

/** One request, and who is in its filter. */
class Listen implements CallHandler {
  readonly #shared: SharedListen;
  readonly members: Map<string, Member>;
  /** Those who have not been told of the acknowledgement, or have lost what they had. */
  readonly fresh: Set<Member>;
  running: RunningCall | undefined;

  constructor(shared: SharedListen, members: Map<string, Member>, fresh: Iterable<Member>) {
    this.#shared = shared;
    this.members = members;
    this.fresh = new Set(fresh);
  }

  forget(member: Member): void {
    if (this.members.get(member.uri) === member) this.members.delete(member.uri);
    this.fresh.delete(member);
  }

  cancel(): void {
    this.running?.cancel();
  }

  onNotification(message: RpcMessage): boolean {
    // The acknowledgement names what is honoured, and comes first.
    if (message.method === 'notifications/subscriptions/acknowledged')
      this.#shared.onAcknowledged(this, honouredIn(message));
    else if (message.method === 'notifications/resources/updated')
      for (const { listener } of meantBy(message, this.members)) listener.onUpdated(message);
    return true;
  }

  onDrain(): void {}

  onServerRequest(_message: RpcMessage, answer: AnswerServerRequest): void {
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'There is no client to ask during a subscription'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    const isRefused = answer.kind === 'message' && answer.message.error !== undefined;
    this.#shared.onEnd(this, isRefused, (listener) => listener.onAnswer(answer));
  }

  onFailure(error: GatewayError): void {
    this.#shared.onEnd(this, false, (listener) => listener.onFailure(error));
  }
}

function honouredIn(message: RpcMessage): ReadonlySet<string> {
  const text = rawOf(message, memberOf(message.params, 'notifications'));
  const filter: unknown = text === undefined ? undefined : JSON.parse(text);
  const uris =
    typeof filter === 'object' && filter !== null && 'resourceSubscriptions' in filter
      ? filter.resourceSubscriptions
      : undefined;
  return new Set(Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : []);
}

function meantBy(message: RpcMessage, members: ReadonlyMap<string, Member>): readonly Member[] {
  const uri = stringMember(message.text, message.params, 'uri');
  if (uri === undefined) return [];
  const exact = members.get(uri);
  return exact === undefined ? [...members.values()].filter((member) => isWithin(uri, member.uri)) : [exact];
}

/**
 * An update may be about a part of the resource that is listened to (MCP 2026-07-28, server/resources,
 * "Subscriptions").
 */
function isWithin(uri: string, whole: string): boolean {
  return (
    uri.startsWith(whole) &&
    /* guard: watch/within */ (whole.endsWith('/') || /[/?#]/.test(uri.charAt(whole.length)))
  );
}
