import type { HttpClient, UpstreamSpec } from '@omni/ports';
import type { RequestHeaders } from '../http/http-headers.ts';
import type { ProbedPlace } from './probe.ts';

/** Where paths of a server are asked for. */
export function placeOf(
  { transport }: UpstreamSpec,
  http: HttpClient | undefined,
  { list: headers }: RequestHeaders,
): ProbedPlace | undefined {
  if (http === undefined || (transport.kind !== 'http' && transport.kind !== 'sse')) return undefined;
  return { http, url: transport.url, headers };
}
