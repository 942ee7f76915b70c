import type { ToolSelection } from '@omni/ports';

/** Whether a selection lets a tool through. @param name - As its server calls it. */
export function selects({ allowed, hidden }: ToolSelection, name: string): boolean {
  return (
    /* guard: view/allowed-tools */ (allowed === undefined ||
      allowed.some((pattern) => fits(pattern, name))) &&
    /* guard: view/disabled-tools */ !hidden.some((pattern) => fits(pattern, name))
  );
}

/** `*` stands for any text, the empty one too. Takes time in proportion to both lengths. */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
