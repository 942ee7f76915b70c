import { errorBody, type GatewayError, type HeaderList } from '@omni/ports';
import { STATUS_CODES } from './node-http.ts';

/**
 * @param headers - Added to those that every such answer has; from our own code, never from a client.
 * @returns A whole HTTP/1.1 answer for a socket without a request to answer.
 */
export function rawErrorAnswer(error: GatewayError, headers: HeaderList = []): string {
  const body = errorBody(error);
  const status = error.facts.httpStatus;
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2)
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  if (error.retryAfterS !== undefined) head += `Retry-After: ${error.retryAfterS}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
