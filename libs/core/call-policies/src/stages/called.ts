import type { UpstreamCall } from '@omni/model';
import { textHash } from '../text-hash.ts';

/** Requests of clients that ask one tool, prompt or resource for something. */
const CALLS: ReadonlySet<string> = new Set([
  'tools/call',
  'prompts/get',
  'resources/read',
  'completion/complete',
]);

/** Longer ones are told apart by their length and a hash. */
const LONGEST_NAME = 256;

/** What a call is for. */
export interface Called {
  readonly method: string;
  /** Under the upstream's own name; a URI may be one that the client has made. Empty where there is none. */
  readonly name: string;
}

export function isCall(method: string): boolean {
  return CALLS.has(method);
}

/** @returns `undefined` for what policies leave alone: calls of Omni, tasks, subscriptions, other methods. */
export function calledOf({ method, name = '', isInternal }: UpstreamCall): Called | undefined {
  return isInternal === true || !CALLS.has(method) ? undefined : { method, name };
}

/** Clients may make up addresses of any length: a key is short. */
export function keyOf({ method, name }: Called): string {
  return `${method} ${name.length > LONGEST_NAME ? `${name.length} ${textHash(name)}` : name}`;
}
