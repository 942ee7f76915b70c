import { memberOf, scanJson, stringMember, type JsonObject } from '@omni/wire';

/** Tasks that are remembered; the oldest is forgotten, and then nobody's. */
const MAX_TASKS = 10_000;
const LIMITS = { maxDepth: 512, maxElements: 2_000_000 };

/**
 * Remembers who has started which task of an upstream. Upstreams that principals share do not tell them apart, so Omni has to
 * (CVE-2026-111767): a task belongs to the principal whose call has made it, and to nobody when Omni has not seen that.
 */
export class TaskOwners {
  readonly #owners = new Map<string, string>();

  /** @param result - Of a call, as JSON. */
  learn(upstream: string, principal: string, result: string): void {
    const scan = scanJson(result, LIMITS, { task: {} });
    if (scan.kind !== 'object') return;
    // A legacy server puts the task into a member of its own, a modern one makes it the result.
    const task = memberOf(scan.object, 'task')?.object ?? scan.object;
    const id = stringMember(result, task, 'taskId');
    if (id === undefined) return;
    this.#owners.delete(keyOf(upstream, id));
    this.#owners.set(keyOf(upstream, id), principal);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > MAX_TASKS && oldest !== undefined) this.#owners.delete(oldest);
  }

  isOwn(upstream: string, principal: string, id: string | undefined): boolean {
    return id !== undefined && this.#owners.get(keyOf(upstream, id)) === principal;
  }

  /** The result of `tasks/list` without the tasks of others. @param result - JSON. */
  onlyOwn(upstream: string, principal: string, result: string): string {
    const scan = scanJson(result, LIMITS);
    const tasks = scan.kind === 'object' ? memberOf(scan.object, 'tasks') : undefined;
    if (tasks === undefined) return result;
    const text = result.slice(tasks.start, tasks.end);
    const list = scanJson(text, LIMITS);
    if (list.kind !== 'array') return result;
    const items = list.items.map(({ start, end }) => text.slice(start, end));
    const own = items.filter((item) => this.isOwn(upstream, principal, stringMember(item, objectIn(item), 'taskId')));
    return `${result.slice(0, tasks.start)}[${own.join(',')}]${result.slice(tasks.end)}`;
  }
}

function keyOf(upstream: string, id: string): string {
  return `${upstream}\n${id}`;
}

function objectIn(text: string): JsonObject | undefined {
  const scan = scanJson(text, LIMITS);
  return scan.kind === 'object' ? scan.object : undefined;
}
