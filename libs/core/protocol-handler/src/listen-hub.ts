import { GatewayError } from '@omni/ports';
import {
  applyEdits,
  memberOf,
  metaOf,
  notificationText,
  resultText,
  scanJson,
  setMember,
  stringAt,
  type ClientContext,
  type JsonObject,
  type RpcMessage,
  type RpcNotice,
  type RunningCall,
} from '@omni/wire';
import type { Offer, OfferChange, ResourceUpdates } from './collaborators.ts';
import type { FrontReply } from './front-reply.ts';
import { META_SUBSCRIPTION } from './modern-envelope.ts';

const MAX_LISTENS = 1000;
const MAX_URIS = 1000;
const FILTER_LIMITS = { maxDepth: 8, maxElements: 10_000 };

const CHANGE_FLAGS = [
  { kind: 'tools', flag: 'toolsListChanged', method: 'notifications/tools/list_changed' },
  { kind: 'prompts', flag: 'promptsListChanged', method: 'notifications/prompts/list_changed' },
  { kind: 'resources', flag: 'resourcesListChanged', method: 'notifications/resources/list_changed' },
] as const;

interface Listen {
  readonly id: string;
  readonly scope: string | undefined;
  readonly kinds: ReadonlySet<string>;
  readonly reply: FrontReply;
  readonly releases: (() => void)[];
  /** While the client reads slowly: the last notification of each subject. There are as many subjects as were asked for. */
  held: Map<string, RpcNotice> | undefined;
  isClosed: boolean;
}

interface Filter {
  readonly kinds: ReadonlySet<string>;
  readonly uris: readonly string[];
}

/**
 * The open `subscriptions/listen` requests of all clients.
 *
 * @see MCP 2026-07-28, basic/subscriptions: acknowledgement first, only what was asked for, each notification with the id of its listen.
 */
export class ListenHub {
  readonly #updates: ResourceUpdates;
  readonly #listens = new Set<Listen>();
  readonly #stopWatching: () => void;

  constructor({ offer, updates }: { readonly offer: Offer; readonly updates: ResourceUpdates }) {
    this.#updates = updates;
    this.#stopWatching = offer.onChange((change) => this.#announce(change));
  }

  get size(): number {
    return this.#listens.size;
  }

  open(message: RpcMessage, client: ClientContext, reply: FrontReply): RunningCall {
    const filter = readFilter(message);
    if (filter instanceof GatewayError) return this.#refuse(reply, filter);
    if (this.#listens.size >= MAX_LISTENS) {
      return this.#refuse(reply, new GatewayError('OMNI_OVERLOADED', `At most ${MAX_LISTENS} subscriptions can be open`));
    }
    const uris = filter.uris.filter((uri) => this.#updates.knows(uri, client));
    const listen: Listen = {
      id: message.id,
      scope: client.scope,
      kinds: filter.kinds,
      reply,
      releases: [],
      held: undefined,
      isClosed: false,
    };
    this.#listens.add(listen);
    const honoured = {
      ...Object.fromEntries(CHANGE_FLAGS.filter(({ kind }) => filter.kinds.has(kind)).map(({ flag }) => [flag, true])),
      ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
    };
    this.#notify(listen, 'notifications/subscriptions/acknowledged', `,"notifications":${JSON.stringify(honoured)}`);
    for (const uri of uris) {
      this.#updates.subscribe(
        client,
        uri,
        (update) => this.#forward(listen, uri, update),
        (release) => {
          if (release instanceof GatewayError) return; // the upstream refused; the client learns of changes by reading
          if (listen.isClosed) release();
          else listen.releases.push(release);
        },
      );
    }
    return { cancel: () => this.#close(listen) };
  }

  /** Ends every listen with its graceful result. */
  stop(): void {
    this.#stopWatching();
    for (const listen of [...this.#listens]) {
      this.#close(listen);
      for (const notice of listen.held?.values() ?? []) listen.reply.notification(notice);
      listen.reply.answer({
        kind: 'message',
        payload: resultText(listen.id, `{"resultType":"complete",${subscriptionMeta(listen.id)}}`),
        status: 200,
      });
    }
  }

  #refuse(reply: FrontReply, error: GatewayError): RunningCall {
    reply.answer({ kind: 'error', error });
    return { cancel() {} };
  }

  #close(listen: Listen): void {
    if (listen.isClosed) return;
    listen.isClosed = true;
    this.#listens.delete(listen);
    for (const release of listen.releases) release();
  }

  #announce(change: OfferChange): void {
    for (const listen of this.#listens) {
      if (listen.scope !== change.scope) continue;
      for (const { kind, method } of CHANGE_FLAGS) {
        if (change.kinds.has(kind) && listen.kinds.has(kind)) this.#notify(listen, method);
      }
    }
  }

  #forward(listen: Listen, uri: string, update: RpcMessage): void {
    if (listen.isClosed || update.params === undefined) return;
    const meta = metaOf(update);
    const edit =
      meta === undefined
        ? setMember(update.params, '_meta', `{${JSON.stringify(META_SUBSCRIPTION)}:${listen.id}}`)
        : setMember(meta, META_SUBSCRIPTION, listen.id);
    this.#send(listen, uri, { method: update.method, text: applyEdits(update.text, [edit]), params: undefined });
  }

  /** @param moreParams - JSON of further members of `params`, each with a comma before it. */
  #notify(listen: Listen, method: string, moreParams = ''): void {
    this.#send(listen, method, {
      method,
      text: notificationText(method, `{${subscriptionMeta(listen.id)}${moreParams}}`),
      params: undefined,
    });
  }

  #send(listen: Listen, subject: string, notice: RpcNotice): void {
    if (listen.held !== undefined) {
      listen.held.set(subject, notice);
      return;
    }
    if (listen.reply.notification(notice)) return;
    listen.held = new Map();
    listen.reply.onDrain(() => this.#goOn(listen));
  }

  #goOn(listen: Listen): void {
    const held = listen.held;
    listen.held = undefined;
    if (listen.isClosed) return;
    for (const [subject, notice] of held ?? []) this.#send(listen, subject, notice);
  }
}

function subscriptionMeta(id: string): string {
  return `"_meta":{${JSON.stringify(META_SUBSCRIPTION)}:${id}}`;
}

function readFilter(message: RpcMessage): Filter | GatewayError {
  const member = memberOf(message.params, 'notifications');
  const text = member === undefined ? '' : message.text.slice(member.start, member.end);
  const scan = scanJson(text, FILTER_LIMITS);
  if (scan.kind !== 'object')
    return new GatewayError('OMNI_PARAMS_INVALID', '"notifications" must be an object that names what to listen to');
  const kinds = new Set<string>();
  for (const { kind, flag } of CHANGE_FLAGS) {
    const value = rawMember(text, scan.object, flag);
    if (value === 'true') kinds.add(kind);
    else if (value !== undefined && value !== 'false')
      return new GatewayError('OMNI_PARAMS_INVALID', `"notifications.${flag}" must be a boolean`);
  }
  const uris = readUris(text, scan.object);
  return uris instanceof GatewayError ? uris : { kinds, uris };
}

function readUris(text: string, filter: JsonObject): readonly string[] | GatewayError {
  const json = rawMember(text, filter, 'resourceSubscriptions');
  if (json === undefined) return [];
  const scan = scanJson(json, FILTER_LIMITS);
  const uris = scan.kind === 'array' ? scan.items.map((item) => stringAt(json, item)) : undefined;
  const strings = uris?.filter((uri) => uri !== undefined);
  if (uris === undefined || strings === undefined || strings.length !== uris.length) {
    return new GatewayError('OMNI_PARAMS_INVALID', '"notifications.resourceSubscriptions" must be an array of strings');
  }
  if (strings.length > MAX_URIS) return new GatewayError('OMNI_PARAMS_INVALID', `At most ${MAX_URIS} resources can be listened to at once`);
  return [...new Set(strings)];
}

function rawMember(text: string, object: JsonObject, key: string): string | undefined {
  const member = memberOf(object, key);
  return member === undefined ? undefined : text.slice(member.start, member.end);
}
