import { isJsonObject, ownValue, walkSchemas, type SchemaObject } from './schema-walk.ts';

/** An argument that HTTP clients of the modern era repeat as a header. */
export interface HeaderParam {
  /** Whole header name, as annotated: `Mcp-Param-Region`. */
  readonly header: string;
  /** Property names from `arguments` to the value. */
  readonly path: readonly string[];
  readonly type: 'string' | 'integer' | 'boolean';
}

const KEYWORD = 'x-mcp-header';
/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Collects the `x-mcp-header` annotations of an input schema.
 *
 * @param schemaText - The schema's JSON.
 * @returns The parameters, or why an annotation is invalid: the tool must then not be listed.
 * @see MCP 2026-07-28, basic/transports, "Custom Headers from Tool Parameters".
 */
export function headerParamsOf(
  schemaText: string,
): { readonly params: readonly HeaderParam[] } | { readonly reason: string } {
  // An escape could spell the keyword differently.
  if (!schemaText.includes(KEYWORD) && !schemaText.includes('\\u')) return { params: [] };
  const params: HeaderParam[] = [];
  const taken = new Set<string>();
  for (const { schema, path } of walkSchemas(JSON.parse(schemaText))) {
    if (!isJsonObject(schema) || !Object.hasOwn(schema, KEYWORD)) continue;
    const param = readAnnotation(schema, path);
    if (typeof param === 'string') return { reason: `${KEYWORD}: ${param}` };
    const lower = param.header.toLowerCase();
    // guard: mirrored/twin
    if (taken.has(lower)) return { reason: `${KEYWORD}: the same header is named twice` };
    taken.add(lower);
    params.push(param);
  }
  return { params };
}

function readAnnotation(schema: SchemaObject, path: readonly string[] | undefined): HeaderParam | string {
  const token = schema[KEYWORD];
  if (typeof token !== 'string' || /* guard: mirrored/token */ !TOKEN.test(token))
    return 'the value is not an RFC 9110 token';
  if (path === undefined || path.length === 0) return 'stands where no chain of "properties" leads';
  const type = ownValue(schema, 'type');
  if (type !== 'string' && type !== 'integer' && type !== 'boolean')
    return 'the type of the property is not string, integer or boolean';
  return { header: `Mcp-Param-${token}`, path, type };
}
