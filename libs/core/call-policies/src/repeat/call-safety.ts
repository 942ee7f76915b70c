import type { ToolHints } from '@omni/model';

/** What a call does, as far as is known. */
export interface CallFacts {
  readonly method: string;
  /** Of the tool that is called; absent where none is, or where it has none. */
  readonly hints?: Partial<ToolHints>;
  /** Whether the owner trusts what the server says of its tools. */
  readonly isTrusted: boolean;
}

/** Requests that only read. `tools/call` is not among them: it depends on the tool. */
const READING_METHODS: ReadonlySet<string> = new Set([
  'completion/complete',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'server/discover',
  'tasks/get',
  'tasks/list',
  'tools/list',
]);

/** Whether a call changes nothing, so that it may even run twice at the same time. */
export function isReadOnly({ method, hints, isTrusted }: CallFacts): boolean {
  if (method !== 'tools/call') return READING_METHODS.has(method);
  return /* guard: repeat/trusted */ isTrusted && hints?.isReadOnly === true;
}

/** Whether a call may be made again when nobody knows whether it has run. */
export function isSafe(call: CallFacts): boolean {
  if (isReadOnly(call)) return true;
  const { method, hints, isTrusted } = call;
  return /* guard: repeat/trusted */ isTrusted && method === 'tools/call' && hints?.isIdempotent === true;
}
