import type { HeaderList } from '@omni/ports';

/** Headers that this library sets itself; configured ones of these names are ignored. */
const OWN = /^(?:content-type|content-length|accept|mcp-.*|last-event-id)$/i;

/** The first value of a header in a flat list. @param name - Lower case. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const candidate = headers[at];
    if (
      candidate !== undefined &&
      candidate.length === name.length &&
      (candidate === name || candidate.toLowerCase() === name)
    )
      return headers[at + 1];
  }
  return undefined;
}

/** What goes along with every POST: the fixed headers, then the configured ones. */
export function postHeaders(
  configured: Readonly<Record<string, string>>,
  version: string | undefined,
): string[] {
  const headers = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'];
  if (version !== undefined) headers.push('mcp-protocol-version', version);
  for (const [name, value] of Object.entries(configured))
    if (/* guard: http/own-headers */ !OWN.test(name)) headers.push(name, value);
  return headers;
}

/** What goes along with GET and DELETE. */
export function streamHeaders(configured: Readonly<Record<string, string>>, version: string): string[] {
  return [...plainStreamHeaders(configured), 'mcp-protocol-version', version];
}

/** What goes along with GET where no version is known. */
export function plainStreamHeaders(configured: Readonly<Record<string, string>>): string[] {
  const headers = ['accept', 'text/event-stream'];
  for (const [name, value] of Object.entries(configured)) if (!OWN.test(name)) headers.push(name, value);
  return headers;
}

/** Kind of a body by its `Content-Type`; parameters do not matter. */
export function bodyKind(headers: HeaderList): 'json' | 'events' | 'other' {
  const type = headerOf(headers, 'content-type')?.toLowerCase() ?? '';
  if (type.startsWith('application/json')) return 'json';
  return type.startsWith('text/event-stream') ? 'events' : 'other';
}
