import type { HttpAnswer } from './raw-http.ts';

/** The JSON-RPC message in an answer: the body, or the last event of a stream. */
export function jsonOf(answer: HttpAnswer | undefined): string {
  const text = answer?.body.toString() ?? '';
  if (answer?.headers.get('content-type') !== 'text/event-stream') return text;
  const events = text.split('\n\n').filter((event) => event.includes('data: '));
  return (events.at(-1) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6))
    .join('\n');
}

/** The member of that name of every object in an array, as text. */
export function memberText(json: string, key: string): readonly string[] {
  const parsed: unknown = JSON.parse(json);
  if (!Array.isArray(parsed)) return [];
  return parsed.map((item: unknown) =>
    typeof item === 'object' && item !== null ? String(Reflect.get(item, key)) : '',
  );
}
