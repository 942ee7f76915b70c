import type { ClientBinding, ClientContext } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { StateSeal } from '../seal/state-seal.ts';

/** Tasks that are remembered; of whoever has most of them the oldest is forgotten. */
const MAX_TASKS = 10_000;
/** Most that waits for the id of one task to be sealed. */
const MAX_WAITING = 100;
/** A longer one would not be opened again. */
const MAX_PAYLOAD_BYTES = 2_900;

/** A task as its upstream knows it. */
export interface UpstreamTask {
  readonly upstream: string;
  readonly id: string;
}

/** Whose a task is, and where that client hears of it. */
export type TaskClient = Pick<ClientContext, 'principal' | 'session'>;

interface OwnedTask {
  readonly upstream: string;
  readonly principal: string;
  /**
   * Where its client hears of it: the session that has started it or asked for it last. Tasks may outlive
   * sessions.
   */
  session: WeakRef<ClientBinding> | undefined;
  /** The id that its owner knows; `undefined` while it is being sealed. */
  sealed: string | undefined;
  readonly waiting: ((sealed: string) => void)[];
}

/**
 * The ids of tasks that clients see: sealed, with the upstream, its own id and the principal inside. Whoever
 * shows one needs no table to be led to its task, and an id that somebody else shows opens nothing
 * (CVE-2026-111767).
 *
 * Two things cannot be read from a seal: whose the tasks in a list of the upstream are, and who is to be told
 * of one. For these the tasks that were started or asked for last are remembered, each with the one sealed id
 * that its client knows. That is why a seal may have a random nonce. A task that is forgotten comes back when
 * its owner next asks for it.
 *
 * @see MCP 2025-11-25, basic/utilities/tasks; MCP 2026-07-28, extension io.modelcontextprotocol/tasks.
 */
export class TaskIds {
  readonly #seal: StateSeal;
  readonly #definitionOf: (upstream: string) => string | undefined;
  readonly #tasks = new Map<string, OwnedTask>();
  /** How many of them each principal has. */
  readonly #counts = new Map<string, number>();

  /** @param definitionOf - Which server a name stands for at present: a namesake has none of these tasks. */
  constructor(seal: StateSeal, definitionOf: (upstream: string) => string | undefined) {
    this.#seal = seal;
    this.#definitionOf = definitionOf;
  }

  /**
   * Gives a task that the client has just started its sealed id; what waits for the id is told after
   * `onIssued`.
   *
   * @param onIssued - Told `OMNI_UPSTREAM_PROTOCOL` for an id that is too long.
   */
  issue(
    { upstream, id }: UpstreamTask,
    client: TaskClient,
    onIssued: (sealed: string | GatewayError) => void,
  ): void {
    const key = this.#keyOf(upstream, id);
    const principal = client.principal.id;
    const known = this.#tasks.get(key);
    if (known?.principal === principal && known.sealed !== undefined) {
      // A server that counts gives ids again after a restart: this session hears of the task now.
      known.session = sessionOf(client) ?? known.session;
      this.#remember(key, known);
      return onIssued(known.sealed);
    }
    const definition = this.#definitionOf(upstream);
    const payload = JSON.stringify({ task: id, upstream, definition, principal });
    if (new TextEncoder().encode(payload).length > MAX_PAYLOAD_BYTES) {
      return onIssued(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${upstream}" has given a task an id of ${id.length} characters`,
        ),
      );
    }
    const task: OwnedTask = {
      upstream,
      principal,
      session: sessionOf(client),
      sealed: undefined,
      waiting: [],
    };
    this.#remember(key, task);
    this.#seal.seal(payload).then(
      (sealed) => {
        task.sealed = sealed;
        onIssued(sealed);
        for (const tell of task.waiting.splice(0)) tell(sealed);
      },
      (error: unknown) => {
        if (this.#tasks.get(key) === task) this.#forget(key, task);
        onIssued(GatewayError.from(error));
      },
    );
  }

  /**
   * @param onOpened - Receives `undefined` for an id that is not the principal's: forged, changed, somebody
   * else's, or sealed with a key that no longer exists.
   */
  open(sealed: string, client: TaskClient, onOpened: (task: UpstreamTask | undefined) => void): void {
    this.#seal.open(sealed).then(
      (payload) => onOpened(payload === undefined ? undefined : this.#own(sealed, payload, client)),
      () => onOpened(undefined),
    );
  }

  /** The sealed id of a task that is known to be the principal's. */
  sealedOf({ upstream, id }: UpstreamTask, principal: string): string | undefined {
    const task = this.#tasks.get(this.#keyOf(upstream, id));
    // guard: advisory/CVE-2026-111767-list, task/list-filter
    return task?.principal === principal ? task.sealed : undefined;
  }

  /** The upstreams at which a principal is known to have tasks. */
  upstreamsOf(principal: string): ReadonlySet<string> {
    const upstreams = new Set<string>();
    for (const task of this.#tasks.values()) if (task.principal === principal) upstreams.add(task.upstream);
    return upstreams;
  }

  /** The session that hears of a task; `undefined` when none does any more. */
  sessionOf({ upstream, id }: UpstreamTask): ClientBinding | undefined {
    return this.#tasks.get(this.#keyOf(upstream, id))?.session?.deref();
  }

  /**
   * Gives the sealed id of a task of the principal, at once or when it is sealed.
   *
   * @returns Whether the task is the principal's, as far as is known.
   */
  whenKnown({ upstream, id }: UpstreamTask, principal: string, tell: (sealed: string) => void): boolean {
    const task = this.#tasks.get(this.#keyOf(upstream, id));
    if (task?.principal !== principal) return false;
    if (task.sealed !== undefined) tell(task.sealed);
    else if (task.waiting.length < MAX_WAITING) task.waiting.push(tell);
    return true;
  }

  #own(sealed: string, payload: string, client: TaskClient): UpstreamTask | undefined {
    const principal = client.principal.id;
    // What the seal opens is what it was given, here or for a parked call.
    const task: unknown = JSON.parse(payload);
    if (
      !isSealedTask(task) ||
      /* guard: advisory/CVE-2026-111767-legacy, advisory/CVE-2026-111767-modern, task/owner */ task.principal !==
        principal ||
      /* guard: task/definition */ task.definition !== this.#definitionOf(task.upstream)
    )
      return undefined;
    const key = this.#keyOf(task.upstream, task.task);
    const known = this.#tasks.get(key);
    // Servers that count may give an id again: then it is the task of whoever has started it last.
    // guard: advisory/CVE-2026-111767-legacy, advisory/CVE-2026-111767-modern
    if (known !== undefined && known.principal !== principal) return undefined;
    const { upstream } = task;
    const owned = known ?? { upstream, principal, session: undefined, sealed, waiting: [] };
    owned.session = sessionOf(client) ?? owned.session;
    this.#remember(key, owned);
    return { upstream, id: task.task };
  }

  #keyOf(upstream: string, id: string): string {
    return /* guard: task/per-server */ `${upstream}\n${this.#definitionOf(upstream)}\n${id}`;
  }

  #remember(key: string, task: OwnedTask): void {
    const known = this.#tasks.get(key);
    if (known !== undefined) this.#forget(key, known);
    this.#tasks.set(key, task);
    this.#counts.set(task.principal, (this.#counts.get(task.principal) ?? 0) + 1);
    // guard: task/count
    if (this.#tasks.size > MAX_TASKS) this.#forgetOne();
  }

  #forget(key: string, { principal }: OwnedTask): void {
    this.#tasks.delete(key);
    const left = (this.#counts.get(principal) ?? 0) - 1;
    if (left > 0) this.#counts.set(principal, left);
    else this.#counts.delete(principal);
  }

  /** The oldest of whoever has most: nobody makes the tasks of others look lost. */
  #forgetOne(): void {
    const most = Math.max(...this.#counts.values());
    for (const [key, task] of this.#tasks)
      if (/* guard: task/fair */ this.#counts.get(task.principal) === most) return this.#forget(key, task);
  }
}

function sessionOf({ session }: TaskClient): WeakRef<ClientBinding> | undefined {
  return session === undefined ? undefined : new WeakRef(session);
}

function isSealedTask(payload: unknown): payload is {
  readonly task: string;
  readonly upstream: string;
  readonly definition?: string;
  readonly principal: string;
} {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    'task' in payload &&
    typeof payload.task === 'string' &&
    'upstream' in payload &&
    typeof payload.upstream === 'string' &&
    'principal' in payload
  );
}
