import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { describe, expect, it, jest } from '@jest/globals';
import { LinkLogLevels } from './link-log-levels.ts';
import { isLogLevel, isSevereEnough, mostVerbose } from './log-levels.ts';
import { FakeSession, messageOf, ScriptedLink } from './router.fixture.ts';

const LOGS = '{"capabilities":{"logging":{}}}';

function open(hello = LOGS): {
  readonly link: ScriptedLink;
  readonly levels: LinkLogLevels;
  readonly clock: VirtualClock;
  readonly ready: string[];
  want(holder: object, level: string): void;
} {
  const clock = new VirtualClock();
  const levels = new LinkLogLevels(clock);
  const link = new ScriptedLink('files', 'legacy', hello);
  const ready: string[] = [];
  return { link, levels, clock, ready, want: (holder, level) => levels.want(link, holder, level, () => ready.push(level)) };
}

describe('LinkLogLevels', () => {
  it('tells the server, and lets the call go once it knows', () => {
    const { link, ready, want, clock } = open();
    want({}, 'info');
    expect([link.last.call.method, link.last.params, ready]).toEqual(['logging/setLevel', '{"level":"info"}', []]);
    link.last.answer('"result":{}');
    expect([ready, clock.pendingTimers]).toEqual([['info'], 0]);
  });

  it('tells a server that does not log nothing', () => {
    const { link, ready, want } = open('{"capabilities":{}}');
    want({}, 'info');
    expect([link.sent, ready]).toEqual([[], ['info']]);
  });

  it('lets the call go when the server refuses, or is silent for a second', () => {
    const refused = open();
    refused.want({}, 'info');
    refused.link.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'late'));
    const silent = open();
    silent.want({}, 'info');
    silent.clock.advance(999);
    expect([refused.ready, silent.ready]).toEqual([['info'], []]);
    silent.clock.advance(1);
    silent.link.last.answer('"result":{}');
    expect(silent.ready).toEqual(['info']);
  });

  it('asks for the most verbose of what is wanted at the same time, and only when that changes', () => {
    const { link, levels, want } = open();
    const [one, two, three] = [{}, {}, {}];
    link.immediate = '"result":{}';
    want(one, 'warning');
    want(two, 'debug');
    want(three, 'error');
    levels.drop(link, two);
    want(three, 'error');
    expect(link.sent.map(({ params }) => params)).toEqual(['{"level":"warning"}', '{"level":"debug"}', '{"level":"warning"}']);
  });

  it('lets calls of the same level wait together, and those of a former level with the later one', () => {
    const { link, ready, want } = open();
    want({}, 'info');
    want({}, 'info');
    want({}, 'debug');
    link.sent[0]?.answer('"result":{}');
    expect(ready).toEqual([]);
    link.last.answer('"result":{}');
    expect([ready, link.sent.length]).toEqual([['info', 'info', 'debug'], 2]);
  });

  it('tells the server again when it has begun anew', () => {
    const { link, want } = open();
    link.immediate = '"result":{}';
    want({}, 'info');
    Object.assign(link, { hello: messageOf('{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"logging":{}}}}') });
    want({}, 'info');
    expect(link.sent).toHaveLength(2);
  });

  it('keeps the level of a session until it ends', () => {
    const { link, levels } = open();
    link.immediate = '"result":{}';
    const session = new FakeSession();
    levels.wantForSession(link, session, 'debug', () => {});
    levels.wantForSession(link, session, 'info', () => {});
    levels.want(link, {}, 'error', () => {});
    session.end();
    levels.want(link, {}, 'error', () => {});
    expect(link.sent.map(({ params }) => params)).toEqual(['{"level":"debug"}', '{"level":"info"}', '{"level":"error"}']);
  });
});

describe('LinkLogLevels of a session with many links', () => {
  it('leaves nothing in the session for links of its own, which end with it', () => {
    const session = new FakeSession();
    const onEnd = jest.spyOn(session, 'onEnd');
    const levels = new LinkLogLevels(new VirtualClock());
    const wanted = (owner: FakeSession | undefined): number => {
      const link = new ScriptedLink('files', 'legacy', LOGS);
      link.owner = owner;
      levels.wantForSession(link, session, 'info', () => {});
      return link.sent.length;
    };
    expect([wanted(session), wanted(session), onEnd.mock.calls.length]).toEqual([1, 1, 0]);
    expect([wanted(undefined), onEnd.mock.calls.length]).toEqual([1, 1]);
  });
});

describe('log levels', () => {
  it('are ordered by severity', () => {
    expect([isLogLevel('notice'), isLogLevel('loud'), mostVerbose(['error', 'notice', 'alert']), mostVerbose([])]).toEqual([
      true,
      false,
      'notice',
      undefined,
    ]);
    expect([
      isSevereEnough('error', 'error'),
      isSevereEnough('info', 'error'),
      isSevereEnough('loud', 'debug'),
      isSevereEnough('info', 'loud'),
    ]).toEqual([true, false, false, false]);
  });
});
