/** The one tool that every benchmark call uses, as the upstream describes it. */
export const ECHO_TOOL = {
  name: 'echo',
  title: 'Echo',
  description: 'Answers with a text of the size asked for that begins with the token given.',
  inputSchema: {
    type: 'object',
    properties: {
      token: { type: 'string' },
      bytes: { type: 'integer', minimum: 32 },
      pad: { type: 'string' },
    },
    required: ['token', 'bytes'],
  },
  annotations: { readOnlyHint: true, idempotentHint: true },
} as const;

/** Tools that are only listed, each about 330 bytes of JSON as real ones are. */
export function idleTools(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    title: `Tool ${index}`,
    description: `Looks up record ${index} and answers with its fields; nothing is changed by it.`,
    inputSchema: {
      type: 'object',
      properties: {
        record: { type: 'string', description: 'Name of the record' },
        limit: { type: 'integer', minimum: 1 },
      },
      required: ['record'],
    },
    annotations: { readOnlyHint: true, idempotentHint: true },
  }));
}

/** Arguments of one call. */
export interface EchoArguments {
  readonly token: string;
  readonly bytes: number;
  readonly pad: string;
}

const ARGUMENT_PAD = 'lorem ipsum dolor sit amet '.repeat(6).slice(0, 149);
const FILLER_LINE = 'the quick brown fox jumps over the lazy dog 0123456789 ';
const fillers = new Map<number, string>();

/** A token that differs for every call id; always 18 characters for ids of ten digits. */
export function tokenOf(id: number): string {
  return (Math.imul(id, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0') + String(id);
}

/** Arguments of 200 bytes of JSON for a size of three digits, distinct for each token. */
export function echoArguments(token: string, bytes: number): EchoArguments {
  return { token, bytes, pad: ARGUMENT_PAD };
}

/** The text that the tool answers: `bytes` characters of ASCII, the token first. */
export function echoText(token: string, bytes: number): string {
  const head = `${token}:`;
  return head + filler(bytes - head.length);
}

function filler(length: number): string {
  let text = fillers.get(length);
  if (text === undefined) {
    text = FILLER_LINE.repeat(Math.ceil(Math.max(length, 0) / FILLER_LINE.length)).slice(
      0,
      Math.max(length, 0),
    );
    fillers.set(length, text);
  }
  return text;
}
