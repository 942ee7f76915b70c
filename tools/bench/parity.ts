import { echoOnce, listTools } from './call-once.ts';
import { ECHO_TOOL, echoText, tokenOf } from './echo-tool.ts';
import { FIRST_CALL_ID } from './request-text.ts';
import type { Target } from './target.ts';

const MAX_DEVIATIONS = 12;
const PARITY_ID = FIRST_CALL_ID - 100;

/**
 * What a subject answers otherwise than the upstream itself does: paths into the answers, with what is
 * different there.
 */
export interface Parity {
  readonly deviations: readonly string[];
}

/**
 * Sends the same requests to a subject and compares its results with what the upstream says, before anything
 * is timed. Rejects when a call has no right text at all: then there is nothing to time.
 */
export async function checkParity(target: Target, sizes: readonly number[]): Promise<Parity> {
  const deviations: string[] = [];
  for (const [index, bytes] of sizes.entries()) {
    const id = PARITY_ID + index;
    const text = echoText(tokenOf(id), bytes);
    const result = await echoOnce(target, { id, bytes });
    const found = differences(
      {
        ...(target.dialect === 'modern' ? { resultType: 'complete' } : {}),
        content: [{ type: 'text', text }],
      },
      result,
      'call',
    );
    if (found.some((difference) => difference.startsWith('call.content[0].text')))
      throw new Error(`a call of ${bytes} bytes does not give the tool's text`);
    deviations.push(...found);
  }
  if (target.dialect === 'rest') deviations.push('no tools/list: called by a REST route');
  else
    deviations.push(
      ...differences({ ...listHints(target), tools: [ECHO_TOOL] }, await listTools(target), 'list'),
    );
  return { deviations: [...new Set(deviations)].slice(0, MAX_DEVIATIONS) };
}

/** Paths at which two JSON values differ; the order of an object's members does not count. */
export function differences(expected: unknown, actual: unknown, path: string): string[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    return Array.from({ length }, (_, index) =>
      differences(expected[index], actual[index], `${path}[${index}]`),
    ).flat();
  }
  if (isRecord(expected) && isRecord(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => differences(expected[key], actual[key], `${path}.${key}`));
  }
  if (Object.is(expected, actual)) return [];
  if (expected === undefined) return [`${path} added`];
  if (actual === undefined) return [`${path} missing`];
  return [`${path} changed`];
}

function listHints(target: Target): object {
  return target.dialect === 'modern'
    ? { resultType: 'complete', ttlMs: 3_600_000, cacheScope: 'public' }
    : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
