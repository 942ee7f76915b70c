import { createRequire } from 'node:module';

const parse: unknown = createRequire(import.meta.url)('parse-prometheus-text-format');

/** What a parser that is not Omni's reads in a page of metrics. */
export function parsePrometheus(text: string): unknown {
  if (typeof parse !== 'function') throw new TypeError('the parser has changed');
  return parse(text);
}
