/** Methods whose result may ask for more input (MCP 2026-07-28, "Multi-round-trip requests"). */
const MULTI_ROUND: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

export function isMultiRound(method: string): boolean {
  return MULTI_ROUND.has(method);
}
