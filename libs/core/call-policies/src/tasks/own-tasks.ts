import { resultText, stringMember } from '@omni/jsonrpc';
import {
  type CallContext,
  type ClientContext,
  type DispatchRequest,
  type DispatchStage,
  NOTHING_RUNS,
  type RequestStage,
  type RoutedRequest,
  serverOf,
} from '@omni/model';
import {
  type Clock,
  DEFAULT_ROUTING,
  FairPlaces,
  GatewayError,
  type KeptCallLimits,
  type Millis,
  type Random,
  type UpstreamSpec,
} from '@omni/ports';
import type { CallRecords } from '../outcome/keyed-run.ts';
import { type CutCall, operationId, unknownOutcome } from '../outcome/unknown-outcome.ts';
import { sha256 } from '../text-digest.ts';
import { LongCall } from './long-call.ts';
import { OwnTask } from './own-task.ts';
import { endOf, errorJson, shownTask, type TaskEnd } from './task-text.ts';

const TASKS_EXTENSION = '"io.modelcontextprotocol/tasks"';
/** Ids of servers are sealed, and begin otherwise. */
const PREFIX = 'omni-task-';
const METHODS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/update', 'tasks/cancel']);
const ACKNOWLEDGED = '{"resultType":"complete"}';
/** Of all users together, that run or wait for their clients. */
const MAX_TASKS = 1_000;

export interface OwnTasksOptions {
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly records: CallRecords;
  /** How long a task is remembered. */
  readonly retentionMs: Millis;
  /** Of each principal. */
  readonly limits: KeptCallLimits;
  readonly clock: Clock;
  readonly random: Random;
  /** Omni has ended while the call of a task was under way. */
  readonly onLost?: (upstream: string, context: CallContext, lost: CutCall) => void;
}

/** A request about a task of Omni. */
interface Asked {
  readonly id: string;
  readonly context: CallContext;
}

/**
 * Calls of tools that take too long become tasks, for clients of the modern era that declare them. They are
 * written down before their clients hear of them, and so are their ends: a result outlives Omni.
 *
 * @see MCP 2026-07-28, extension io.modelcontextprotocol/tasks.
 */
export class OwnTasks {
  readonly #options: OwnTasksOptions;
  readonly #places: FairPlaces;
  /** Until their ends are stored. */
  readonly #tasks = new Map<string, OwnTask>();

  constructor(options: OwnTasksOptions) {
    this.#options = options;
    this.#places = new FairPlaces({ capacity: MAX_TASKS, what: 'tasks', clock: options.clock });
  }

  /** Makes tasks of calls. */
  readonly request: RequestStage = (request, next) => {
    const { context, upstreams, arrivedMs, isPinned } = request;
    if (context.message.method !== 'tools/call') return next;
    const { specOf, clock } = this.#options;
    const [upstream = ''] = upstreams;
    const { taskAfterMs } = specOf(upstream)?.routing ?? DEFAULT_ROUTING;
    if (taskAfterMs === 0) return next;
    if (isPinned || /* guard: longcall/declared */ !declaresTasks(context.client)) return next;
    return (reply, destination) => {
      const call = new LongCall(
        {
          context,
          clock,
          leftMs: taskAfterMs - (clock.monotonicMs() - arrivedMs),
          begin: () => this.#begin(request),
          abandon: (task) => task.abandon(),
        },
        reply,
      );
      call.begin(next(call, destination));
      return call;
    };
  };

  /** Answers requests about them. */
  readonly admission: DispatchStage = (next) => (context, reply) => {
    const asked = askedIn(context);
    if (asked === undefined) return next(context, reply);
    this.#answer(asked, next).then(
      (result) =>
        reply.settle({ kind: 'message', payload: resultText(context.message.id, result), status: 200 }),
      (error: unknown) => reply.settle({ kind: 'error', error: GatewayError.from(error) }),
    );
    return NOTHING_RUNS;
  };

  async #begin({ context, upstreams: [upstream = ''] }: RoutedRequest): Promise<OwnTask | undefined> {
    const { records, limits, clock, random, retentionMs } = this.#options;
    const { client, message } = context;
    const share = this.#places.take(client.principal);
    // guard: longcall/places
    if (share instanceof GatewayError) return undefined;
    const begunAt = clock.now();
    const id = PREFIX + crypto.randomUUID();
    const key = keyOf(client, id);
    const operation = operationId(random);
    const facts = { id, begunAt, keptUntil: begunAt + retentionMs };
    try {
      const row = await sha256(key);
      const kept = { id: row, digest: upstream, operation, principal: client.principal.id };
      const { kind } = await records.begin({ ...kept, begunAt, keptUntil: facts.keptUntil }, limits);
      if (kind !== 'begun') throw new GatewayError('OMNI_OVERLOADED', 'There is no room for a task');
      const cancelExpiry = clock.after(retentionMs, () => task.cancel());
      const task = new OwnTask({
        facts,
        row,
        operation,
        records,
        limits,
        message,
        now: () => clock.now(),
        onEnded: () => {
          cancelExpiry();
          this.#places.leave(share);
        },
        onStored: () => void this.#tasks.delete(key),
      });
      this.#tasks.set(key, task);
      return task;
    } catch {
      // What cannot be kept stays a call.
      this.#places.leave(share);
      return undefined;
    }
  }

  /** @returns A result. */
  async #answer({ id, context }: Asked, dispatch: DispatchRequest): Promise<string> {
    const { client, message } = context;
    const key = keyOf(client, id);
    const task = this.#tasks.get(key);
    if (task === undefined) {
      const end = await this.#kept(key, id, context);
      return message.method === 'tasks/get' ? end : ACKNOWLEDGED;
    }
    if (message.method === 'tasks/get') return task.shown;
    if (message.method === 'tasks/cancel') task.cancel();
    else task.update(context, dispatch);
    return ACKNOWLEDGED;
  }

  /** What the store has of a task. @returns The result of `tasks/get`. */
  async #kept(key: string, id: string, context: CallContext): Promise<string> {
    const { records, clock, onLost } = this.#options;
    const kept = await records.find(await sha256(key), clock.now());
    if (kept === undefined)
      throw new GatewayError('OMNI_NAME_UNKNOWN', 'You have no task with this id', {
        hint: 'A task belongs to who has started it through this Omni.',
      });
    const { begunAt, keptUntil, operation, digest: upstream, end } = kept;
    if (end === null) onLost?.(upstream, context, { operation, cause: undefined });
    const shown: TaskEnd =
      end === null
        ? { status: 'failed', at: begunAt, error: errorJson(unknownOutcome(operation, undefined)) }
        : endOf(end);
    return shownTask({ id, begunAt, keptUntil }, shown);
  }
}

/** The request, where it is about a task of Omni. */
function askedIn(context: CallContext): Asked | undefined {
  const { message, client } = context;
  if (!METHODS.has(message.method) || !declaresTasks(client)) return undefined;
  const id = stringMember(message.text, message.params, 'taskId');
  return id?.startsWith(PREFIX) === true ? { id, context } : undefined;
}

function declaresTasks({ era, capabilities }: ClientContext): boolean {
  return era === 'modern' && capabilities.includes(TASKS_EXTENSION);
}

/** A task is known to who has started it, at the endpoint where that was. */
function keyOf({ principal, endpoint }: ClientContext, id: string): string {
  return JSON.stringify([
    'task',
    /* guard: longcall/owner */ principal.id,
    /* guard: longcall/endpoint */ serverOf(endpoint) ?? null,
    id,
  ]);
}
