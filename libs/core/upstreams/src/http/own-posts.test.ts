import { describe, expect, it } from '@jest/globals';
import { ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import type { GatewayError } from '@omni/ports';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { postHeaders } from './http-headers.ts';
import { InstanceHttp } from '../cookies/instance-http.ts';
import { OwnPosts } from './own-posts.ts';

describe('OwnPosts', () => {
  it('sends at once, and what waits when there is room', () => {
    const { posts, headers, http } = open();
    for (let index = 0; index < 20; index++) posts.tell(`m${index}`, headers);
    expect(http.exchanges).toHaveLength(16);
    http.exchanges[0]?.head(202, []);
    http.exchanges[0]?.end();
    expect(http.exchanges.at(-1)?.request.body).toBe('m16');
  });

  // guard: posts/under-way
  it('holds few connections of an upstream that takes nothing, and forgets a message after half a minute', () => {
    const { posts, headers, http, clock } = open();
    for (let index = 0; index < 1_000; index++) posts.tell('m', headers);
    expect(http.exchanges).toHaveLength(16);
    clock.advance(30_000);
    expect(http.exchanges.slice(0, 16).every(({ isAborted }) => isAborted)).toBe(true);
    expect(http.exchanges).toHaveLength(32);
  });

  // guard: posts/replies, posts/replies-under-way
  it('drops replies of an upstream that asks without end, and says so; what it has to know still goes out', () => {
    const { posts, headers, http, dropped } = open();
    for (let index = 0; index < 100_000; index++) posts.reply('pong', headers);
    expect(http.exchanges).toHaveLength(8);
    expect(dropped.count).toBe(100_000 - 8 - 64);
    posts.tell('cancelled', headers);
    expect(http.exchanges.at(-1)?.request.body).toBe('cancelled');
    // Replies with long ids, too.
    posts.clear();
    for (let index = 0; index < 10; index++) posts.reply('x'.repeat(400_000), headers);
    expect(dropped.count).toBe(100_000 - 8 - 64 + 8);
  });

  // guard: posts/messages
  it('gives a connection up on which too much waits', () => {
    for (const [text, count] of [
      ['m', 16 + 4_096],
      ['x'.repeat(4 * 1024 * 1024), 4],
    ] as const) {
      const { posts, headers, overflows } = open();
      for (let index = 0; index < count; index++) posts.tell(text, headers);
      expect(overflows).toEqual([]);
      posts.tell(text, headers);
      expect(overflows.map(({ code, message }) => [code, message.includes('"up"')])).toEqual([
        ['OMNI_OVERLOADED', true],
      ]);
    }
  });

  // guard: posts/open-answer
  it('counts a message until its answer has ended, not only begun', () => {
    const { posts, headers, http } = open();
    for (let index = 0; index < 20; index++) posts.tell(`m${index}`, headers);
    http.exchanges[0]?.head(200, ['content-type', 'application/json']);
    expect(http.exchanges).toHaveLength(16);
    http.exchanges[0]?.end();
    expect(http.exchanges).toHaveLength(17);
  });

  // guard: http/skipped
  it('reads 64 KiB of what is answered to a message, and cuts what goes on', () => {
    const { posts, headers, http } = open();
    posts.tell('m', headers);
    http.last.head(202, ['content-type', 'text/plain']);
    http.last.data('x'.repeat(64 * 1024));
    expect(http.last.isAborted).toBe(false);
    http.last.data('x');
    expect(http.last.isAborted).toBe(true);
  });

  it('forgets what waits for a session that is gone', () => {
    const { posts, headers, http } = open();
    for (let index = 0; index < 20; index++) posts.tell('old', headers);
    posts.clear();
    http.exchanges[0]?.fail('body');
    expect(http.exchanges).toHaveLength(16);
    posts.tell('new', headers);
    expect(http.exchanges.at(-1)?.request.body).toBe('new');
  });
});

function open() {
  const http = new ScriptedHttpClient();
  const clock = new VirtualClock();
  const url = 'http://up.test/mcp';
  const spec = upstreamSpecOf({ kind: 'http', url, headers: {} });
  const context = connectionContextOf(clock, { http });
  const headers = postHeaders(credentialsOf(spec, context), undefined);
  const dropped = { count: 0 };
  const overflows: GatewayError[] = [];
  const posts = new OwnPosts({
    http: new InstanceHttp(http, clock),
    url,
    upstream: 'up',
    clock,
    onDropped: () => dropped.count++,
    onOverflow: (error) => overflows.push(error),
  });
  return { posts, headers, http, clock, dropped, overflows };
}
