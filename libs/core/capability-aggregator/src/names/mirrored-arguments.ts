import { type JsonObject, type JsonSpan, memberOf, type RecordPlan, scanJson, stringAt } from '@omni/jsonrpc';
import { decodeHeaderValue, encodeHeaderValue } from '@omni/model';
import { GatewayError, type HeaderList } from '@omni/ports';
import type { HeaderParam } from '../reading/header-params.ts';

const DECIMAL = /^-?[0-9]+(?:\.[0-9]+)?$/;
/** The request was scanned with the limits of the configuration before; these only have to be no narrower. */
const LIMITS = { maxDepth: 1_000, maxElements: 10_000_000 };
const NO_HEADERS: HeaderList = [];

/** The arguments of one tool that HTTP clients of the modern era repeat as `Mcp-Param-*` headers. */
export class MirroredArguments {
  readonly #params: readonly HeaderParam[];
  readonly #plan: RecordPlan;

  constructor(params: readonly HeaderParam[]) {
    this.#params = params;
    this.#plan = planFor(params);
  }

  /**
   * Compares the headers of a call with its arguments. Headers that the tool does not declare are nobody's
   * business here and pass.
   *
   * @param args - The arguments as JSON; `undefined` when the call has none.
   * @param headers - As received, flat.
   * @returns `OMNI_HEADER_MISMATCH`, or `undefined` when all agree.
   */
  check(args: string | undefined, headers: HeaderList): GatewayError | undefined {
    if (this.#params.length === 0) return undefined;
    const json = args ?? '{}';
    const scan = scanJson(json, LIMITS, this.#plan);
    if (scan.kind === 'problem') {
      return new GatewayError(
        'OMNI_HEADER_MISMATCH',
        'The arguments that headers mirror are ambiguous: a key stands twice, or they are nested too deeply',
      );
    }
    const root = scan.kind === 'object' ? scan.object : undefined;
    for (const { header, path, type } of this.#params) {
      const problem = mismatch(json, valueAt(root, path), type, headerValues(headers, header));
      if (problem !== undefined) return new GatewayError('OMNI_HEADER_MISMATCH', `${header} ${problem}`);
    }
    return undefined;
  }

  /**
   * The headers that the arguments ask for: what an HTTP client of the modern era has to send.
   *
   * @param args - The arguments as JSON; `undefined` when the call has none.
   * @returns A flat list. A value that no header can say (absent, null, an object, an unsafe integer) has
   * none.
   * @see MCP 2026-07-28, basic/transports, "Streamable HTTP", custom headers.
   */
  headersFor(args: string | undefined): HeaderList {
    if (this.#params.length === 0 || args === undefined) return NO_HEADERS;
    const scan = scanJson(args, LIMITS, this.#plan);
    if (scan.kind !== 'object') return NO_HEADERS;
    return this.#params.flatMap(({ header, path }) => {
      const span = valueAt(scan.object, path);
      const value = span === undefined ? undefined : primitiveAt(args, span);
      return value === undefined ? [] : [header, encodeHeaderValue(String(value))];
    });
  }
}

function mismatch(
  json: string,
  span: JsonSpan | undefined,
  type: HeaderParam['type'],
  sent: readonly string[],
): string | undefined {
  const expected = span === undefined ? undefined : primitiveAt(json, span);
  if (expected === undefined)
    return /* guard: mirrored/undeclared */ sent.length === 0
      ? undefined
      : 'is sent, but the arguments have no such value';
  const [header] = sent;
  if (header === undefined) return 'is missing';
  // guard: mirrored/twice
  if (sent.length > 1) return 'is sent more than once';
  const decoded = decodeHeaderValue(header);
  if (decoded === undefined) return 'is malformed';
  // The specification lets `42.0` stand for 42.
  const isSame =
    type === 'integer' && typeof expected === 'number' && DECIMAL.test(decoded)
      ? Number(decoded) === expected
      : decoded === String(expected);
  return /* guard: mirrored/differs */ isSame ? undefined : 'differs from the arguments';
}

/**
 * The value as a header has to say it; `undefined` when there is nothing to say: absent, null, an object, an
 * array, an unsafe integer.
 */
function primitiveAt(json: string, span: JsonSpan): string | number | undefined {
  const raw = json.slice(span.start, span.end);
  if (raw === 'true' || raw === 'false') return raw;
  if (raw === 'null' || raw.startsWith('{') || raw.startsWith('[')) return undefined;
  if (raw.startsWith('"')) return stringAt(json, span);
  const value = Number(raw);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : value;
}

function headerValues(headers: HeaderList, name: string): readonly string[] {
  const lower = name.toLowerCase();
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === lower) values.push((headers[at + 1] ?? '').trim());
  }
  return values;
}

function valueAt(root: JsonObject | undefined, path: readonly string[]): JsonSpan | undefined {
  let object = root;
  let span: JsonSpan | undefined;
  for (const key of path) {
    const member = memberOf(object, key);
    span = member;
    object = member?.object;
  }
  return span;
}

interface PlanDraft {
  [key: string]: PlanDraft;
}

function planFor(params: readonly HeaderParam[]): RecordPlan {
  const plan = emptyPlan();
  for (const { path } of params) {
    let level = plan;
    for (const key of path.slice(0, -1)) {
      const next = level[key] ?? emptyPlan();
      level[key] = next;
      level = next;
    }
  }
  return plan;
}

/** Without a prototype, so that a property called `__proto__` is a property. */
function emptyPlan(): PlanDraft {
  // An object without members fits every record type.
  return /* guard: mirrored/prototype */ Object.create(null) as PlanDraft;
}
