import { jsonOf } from './legacy-client.ts';
import type { HttpAnswer } from './raw-http.ts';

/** The JSON of an answer; empty when there is none. */
export function decodeAnswer(answer: HttpAnswer | undefined): string {
  return jsonOf(answer);
}

/** The member of that name of every object in an array, as text. */
export function memberText(json: string, key: string): readonly string[] {
  const parsed: unknown = JSON.parse(json);
  if (!Array.isArray(parsed)) return [];
  return parsed.map((item: unknown) => (typeof item === 'object' && item !== null ? String(Reflect.get(item, key)) : ''));
}
