import { describe, expect, it } from '@jest/globals';
import type { ClientBinding } from '@omni/model';
import { callOf } from '../connection/upstream-call.fixture.ts';
import { open as openLegacy, passing } from '../http/legacy-http-connection.fixture.ts';
import { clientOf, FORMS } from '../upstream-scene.fixture.ts';
import { RequestConnection } from './request-connection.ts';

const LONG = 'x'.repeat(100_000);

describe('RequestConnection', () => {
  it('lets a long answer go on while it comes, and closes the instance at its end', async () => {
    const { connection: model, http, clock } = await openLegacy();
    const opened: ClientBinding[] = [];
    let isClosed = false;
    const connection = new RequestConnection({
      client: clientOf(FORMS),
      declared: FORMS,
      key: 'request 1',
      model,
      clock,
      open(binding, done) {
        opened.push(binding);
        binding.onEnd(() => (isClosed = true));
        done(model);
      },
    });
    const { call, chunks } = passing();
    connection.send({ ...callOf('tools/call', '{}'), clientId: '"c"', allowPassthrough: true }, call);
    await clock.advanceAsync(0);
    const answer = `{"jsonrpc":"2.0","id":2,"result":"${LONG}"}`;
    http.last.head(200, ['content-type', 'application/json', 'content-length', String(answer.length)]);
    http.last.data(answer.slice(0, -2));
    const head = `result 200 of ${answer.length + 2} bytes`;
    expect(chunks.log).toEqual([head]);
    expect(isClosed).toBe(false);
    http.last.data('"}');
    http.last.end();
    expect(chunks.log).toEqual([head, 'end']);
    expect(chunks.text).toBe(`{"jsonrpc":"2.0","id":"c","result":"${LONG}"}`);
    expect(call.log).toEqual([]);
    expect(opened).toHaveLength(1);
    expect(isClosed).toBe(true);
  });
});
