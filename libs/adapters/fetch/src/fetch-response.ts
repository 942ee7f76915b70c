import { errorBody, type GatewayError, type HeaderList, type Payload } from '@omni/ports';

const encoder = new TextEncoder();
/** Statuses of answers that cannot have a body (Fetch, "null body status"). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** @returns An answer in one chunk, with its length. */
export function wholeResponse(status: number, headers: HeaderList, body: Payload | undefined): Response {
  const fields = headersOf(headers);
  if (WITHOUT_BODY.has(status)) return new Response(null, { status, headers: fields });
  // As text it would be given a content type.
  const bytes = typeof body === 'string' ? encoder.encode(body) : (body ?? new Uint8Array(0));
  fields.append('Content-Length', String(bytes.byteLength));
  // Holds: nothing of Omni shares memory between threads.
  return new Response(bytes as Uint8Array<ArrayBuffer>, { status, headers: fields });
}

/** The answer to a request that failed before anything was answered. */
export function errorResponse(error: GatewayError): Response {
  const status = error.facts.httpStatus;
  return wholeResponse(status >= 400 ? status : 500, ['Content-Type', 'application/json'], errorBody(error));
}

/** @throws {TypeError} For a header that HTTP forbids. */
export function headersOf(list: HeaderList): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < list.length; at += 2) headers.append(list[at] ?? '', list[at + 1] ?? '');
  return headers;
}
