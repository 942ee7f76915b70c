import { describe, expect, it } from '@jest/globals';
import type { Era } from '@omni/ports';
import { clientOf, RecordingReply, requestOf, RouterFixture } from '../router.fixture.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const FORWARDABLE = ['x-tenant', 'acme', 'x-region', 'eu'];
const ERAS: readonly Era[] = ['legacy', 'modern'];

describe.each(ERAS)('the headers that go along with a call of a %s client', (clientEra) => {
  const client = clientOf(clientEra);

  /** Calls a tool of this server, and gives what goes along. */
  function passed(upstream: string, era: Era, forwardable: readonly string[] | undefined): unknown {
    const fixture = new RouterFixture();
    const connection = fixture.connection(upstream, era);
    const message = requestOf(
      'tools/call',
      `{"_meta":{"traceparent":"${TRACEPARENT}"},"name":"${upstream}__read"}`,
    );
    fixture.router.dispatch({ message, client, paramHeaders: undefined, forwardable }, new RecordingReply());
    return connection.last.call.forwardedHeaders;
  }

  it.each(ERAS)('are the trace and what the %s server is told', (era) => {
    expect(passed('files', era, FORWARDABLE)).toEqual(['traceparent', TRACEPARENT, 'x-tenant', 'acme']);
  });

  it.each(ERAS)(
    'are the trace alone for a %s server that is told nothing, and without headers of the client',
    (era) => {
      expect(passed('mail', era, FORWARDABLE)).toEqual(['traceparent', TRACEPARENT]);
      expect(passed('files', era, undefined)).toEqual(['traceparent', TRACEPARENT]);
    },
  );
});
