import { describe, expect, it } from '@jest/globals';
import { ListWatch } from './list-watch.ts';
import { openModern } from '../http/modern-http-connection.fixture.ts';

const ACKNOWLEDGED = '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}}';

describe('ListWatch over HTTP', () => {
  it('goes on listening when what stands before a server that restarts does not find it', () => {
    const { http, clock, changes } = watch();
    http.last.stream();
    http.last.event(ACKNOWLEDGED);
    http.last.fail('body');
    clock.advance(500);
    http.of('subscriptions/listen').at(-1)?.respond(404, 'text/html', '<html>');
    clock.advance(1_000);
    const [, , third] = http.of('subscriptions/listen');
    third?.stream();
    third?.event(ACKNOWLEDGED);
    expect(changes).toEqual([['tools']]);
  });

  it.each([404, 405])('leaves a server alone that has answered with %i from the beginning', (status) => {
    const { http, clock } = watch();
    http.last.respond(status, 'text/html', '<html>');
    clock.advance(120_000);
    expect(http.of('subscriptions/listen')).toHaveLength(1);
  });
});

function watch() {
  const { connection, http, clock, context } = openModern();
  const changes: string[][] = [];
  new ListWatch({ connection, context, onChanged: (kinds) => changes.push([...kinds]) }).start();
  return { http, clock, changes };
}
