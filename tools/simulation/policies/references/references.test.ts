import { DEFAULT_ROUTING } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { judgeAnswers } from './answers.ts';
import { judgeBreakers } from './breakers.ts';
import { judgeDeadlines } from './deadlines.ts';
import { judgeInFlight } from './in-flight.ts';
import { judgeCallRates, judgeRequestRates } from './rates.ts';
import { judgeRepeats } from './repeats.ts';
import { judgeTurns } from './turns.ts';
import { WireScene } from './wire-scene.fixture.ts';

const CUT = { kind: 'cut', at: 'request' } as const;

describe('the reference of rates', () => {
  const rate = { perSecond: 1, burst: 2 };

  it('lets through what a bucket holds, and finds a call more', () => {
    const kept = (): WireScene => new WireScene({ routing: { rate } }).call('a1').call('a2');
    expect(kept().at(1_000).call('a3').found(judgeCallRates)).toEqual([]);
    expect(kept().at(990).call('a3').found(judgeCallRates)).toEqual([
      'a3 to u arrives, though there are 0.99 tokens',
    ]);
  });

  it('finds a call that is refused though there is a token', () => {
    const scene = new WireScene({ routing: { capabilityRate: rate } }).send('a2');
    expect(scene.limited('a2', 'capability').found(judgeCallRates)).toEqual([
      'a2 to u act is refused, though there are 2 tokens',
    ]);
  });

  it('knows each user and each session, and asks for the user first', () => {
    const limits = { userRate: { perSecond: 1, burst: 1 }, sessionRate: rate };
    const scene = (): WireScene => new WireScene({ limits }).send('a1').send('b1').send('a2');
    expect(scene().limited('a2', 'principal').found(judgeRequestRates)).toEqual([]);
    expect(scene().limited('a2', 'session').found(judgeRequestRates)).toEqual([
      'a2 of ada is refused for its session before its user',
    ]);
    const ofSession = new WireScene({ limits: { sessionRate: rate } }).send('a1').limited('a1', 'session');
    expect(ofSession.found(judgeRequestRates)).toEqual([
      'a1 of ada is refused, though its session has 2 tokens',
    ]);
    expect(scene().found(judgeRequestRates)).toEqual([
      'a2 of ada is let through, though its user has 0 tokens',
    ]);
  });
});

describe('the reference of calls under way', () => {
  it('counts attempts from their arrival to their end', () => {
    const scene = new WireScene({ limits: { maxUpstreamInFlight: 1 } }).call('a1').call('b1');
    expect(scene.answer('a1').call('a2').found(judgeInFlight)).toEqual([]);
    expect(scene.call('a3').found(judgeInFlight)).toEqual(['"u" has 3 calls of 2']);
    const concurrency = { isAdaptive: true, min: 1, max: 1, initial: 1 };
    const adaptive = new WireScene({ routing: { concurrency } }).call('a1').call('b1').call('a2');
    expect(adaptive.found(judgeInFlight)).toEqual(['"u" has 3 calls of 2']);
  });
});

describe('the reference of turns', () => {
  const routing = {
    rate: { perSecond: 1, burst: 1 },
    queue: { maxWaiting: 4, maxWaitMs: 5_000 },
    retry: { ...DEFAULT_ROUTING.retry, attempts: 1 },
  };
  const scene = (): WireScene =>
    new WireScene({ routing }).call('a0').at(10).send('a1').send('a2').send('b1');

  it('lets users take turns', () => {
    expect(
      scene().at(1_000).arrive('a1').at(2_000).arrive('b1').at(3_000).arrive('a2').found(judgeTurns),
    ).toEqual([]);
  });

  it('finds a user who is served twice while another waits', () => {
    const found = scene().at(1_000).arrive('a1').at(2_000).arrive('a2').at(3_000).arrive('b1');
    expect(found.found(judgeTurns)).toEqual(['a2 of ada is served twice while b1 of bob waits']);
  });

  it('finds a call that overtakes another of its user, and one that waits for too long', () => {
    const found = scene().at(1_000).arrive('a2').at(2_000).arrive('b1').at(6_000).arrive('a1');
    expect(found.found(judgeTurns)).toEqual([
      'a2 of ada overtakes a1, which waits since 10',
      'a1 of ada has waited 5990 ms of 5000',
    ]);
  });

  it('finds a call that is refused while others might still wait', () => {
    expect(scene().at(20).send('b2').reply('b2', 'OMNI_QUEUE_FULL').found(judgeTurns)).toEqual([
      'b2 of bob is refused after 0 ms, while 3 of 4 wait',
    ]);
  });
});

describe('the reference of breakers', () => {
  const routing = { breaker: { ...DEFAULT_ROUTING.breaker, failures: 2, openMs: 1_000, maxOpenMs: 8_000 } };
  const open = (): WireScene => new WireScene({ routing }).call('a1').fail('a1').call('a2').fail('a2');

  it('lets one trial through when its time has come, which decides', () => {
    const scene = open().at(500).send('a3').reply('a3', 'OMNI_CIRCUIT_OPEN').at(1_000).call('a4');
    expect(
      scene.send('b1').reply('b1', 'OMNI_CIRCUIT_OPEN').answer('a4').call('a5').found(judgeBreakers),
    ).toEqual([]);
  });

  it('finds a call before that, and one beside the trial', () => {
    expect(open().at(999).call('a3').found(judgeBreakers)).toEqual([
      'a3 to u act arrives 999 ms after it opened, of 1000',
    ]);
    expect(open().at(1_000).call('a3').call('a4').found(judgeBreakers)).toEqual([
      'a4 to u act arrives while a3 is its trial',
    ]);
  });

  it('finds a wait that does not grow', () => {
    expect(open().at(1_000).call('a3').fail('a3').at(2_500).call('a4').found(judgeBreakers)).toEqual([
      'a4 to u act arrives 1500 ms after it opened, of 2000',
    ]);
  });

  it('finds a refusal without a reason, and one for which nobody may try', () => {
    const scene = new WireScene({ routing })
      .call('a1')
      .fail('a1')
      .send('a2')
      .reply('a2', 'OMNI_CIRCUIT_OPEN');
    expect(scene.found(judgeBreakers)).toEqual(['a2 to u act is refused after 1 failures']);
    const late = open().at(1_000).call('a3').cancel('a3').end('a3', { kind: 'taken-back' });
    expect(late.at(1_200).send('a4').reply('a4', 'OMNI_CIRCUIT_OPEN').found(judgeBreakers)).toEqual([
      'a4 to u act is refused 1200 ms after it opened, of 1000, without a trial',
    ]);
  });

  it('holds nothing against a tool that its server has not done', () => {
    const scene = new WireScene({ routing });
    for (const id of ['a1', 'a2', 'a3']) scene.call(id).end(id, { kind: 'status', status: 401 });
    expect(scene.call('a4').found(judgeBreakers)).toEqual([]);
  });

  it('finds a refusal that has waited', () => {
    const found = open().at(100).send('a3').at(200).reply('a3', 'OMNI_CIRCUIT_OPEN').found(judgeBreakers);
    expect(found).toEqual(['a3 to u act has waited 100 ms to be refused']);
  });
});

describe('the reference of attempts', () => {
  const again = (scene: WireScene, end: Parameters<WireScene['end']>[1] = CUT): WireScene =>
    scene.call('a1').at(10).end('a1', end).at(20).arrive('a1');

  it('lets what is safe or has not run be made again', () => {
    expect(again(new WireScene({}, 'ask')).found(judgeRepeats)).toEqual([]);
    const trusting = { routing: { trustsHints: true } };
    expect(again(new WireScene(trusting, 'again')).found(judgeRepeats)).toEqual([]);
    expect(again(new WireScene(), { kind: 'status', status: 429 }).found(judgeRepeats)).toEqual([]);
  });

  it('finds what may have run, or has an answer', () => {
    const mayHaveRun = `is made, though act may have run: ${JSON.stringify(CUT)}`;
    expect(again(new WireScene()).found(judgeRepeats)).toEqual([`a1#2 to u act ${mayHaveRun}`]);
    expect(again(new WireScene({}, 'look')).found(judgeRepeats)).toHaveLength(1);
    expect(again(new WireScene({}, 'ask'), { kind: 'status', status: 501 }).found(judgeRepeats)).toHaveLength(
      1,
    );
    expect(again(new WireScene({}, 'ask'), { kind: 'error' }).found(judgeRepeats)).toHaveLength(1);
  });

  it('finds one before the server wants it, behind a first word, and behind the deadline', () => {
    const asks = again(new WireScene({}, 'ask'), { kind: 'status', status: 503, retryAfterS: 1 });
    expect(asks.found(judgeRepeats)).toEqual([
      'a1#2 to u ask is made, though the server has asked for 1000 ms at 10',
    ]);
    const shown = new WireScene({}, 'ask').call('a1').at(5).show('a1').end('a1', CUT).at(20).arrive('a1');
    expect(shown.found(judgeRepeats)).toEqual([
      'a1#2 to u ask is made, though its client has heard of it at 5',
    ]);
    const routing = { deadlineMs: 15 };
    expect(again(new WireScene({ routing }, 'ask')).found(judgeRepeats)).toEqual([
      'a1#2 to u ask is made, though its time was over at 15',
    ]);
  });

  it('finds more attempts than there are, and more than the budget has', () => {
    const routing = { retry: { ...DEFAULT_ROUTING.retry, attempts: 2, budget: 0 } };
    expect(
      again(new WireScene({ routing }, 'ask')).at(30).end('a1', CUT).arrive('a1').found(judgeRepeats),
    ).toEqual(['a1#3 to u ask is made, though 2 are allowed']);
    const scene = new WireScene({ routing }, 'ask');
    for (let call = 0; call < 11; call++) scene.call(`a${call}`).end(`a${call}`, CUT).arrive(`a${call}`);
    expect(scene.found(judgeRepeats)).toContain('"u" has 11 repeats of 11 calls in nine seconds');
  });

  it('finds a call that might be made again and is not', () => {
    expect(new WireScene({}, 'ask').call('a1').fail('a1').found(judgeRepeats)).toEqual([
      'a1 to u ask ends after 1 attempts of 3, though it may be made again',
    ]);
  });

  it('finds a second attempt beside one that does more than read, is not slow, or wants progress', () => {
    const routing = { hedge: { quantile: 0.5, minDelayMs: 10 }, trustsHints: true };
    const beside = (scene: WireScene, id: string): readonly string[] =>
      scene.at(100).call(id).at(150).arrive(id).found(judgeRepeats);
    const known = (capability: 'ask' | 'again'): WireScene => {
      const scene = new WireScene({ routing }, capability);
      for (let call = 10; call < 30; call++) scene.call(`b${call}`).answer(`b${call}`);
      return scene;
    };
    expect(beside(known('ask'), 'a1')).toEqual([]);
    expect(beside(known('again'), 'a1')[0]).toContain('it does more than read');
    expect(beside(known('ask'), 'a9')[0]).toContain('its client wants progress');
    expect(beside(new WireScene({ routing }, 'ask'), 'a1')[0]).toContain('only 0 have been answered');
    expect(beside(new WireScene({}, 'ask'), 'a1')[0]).toContain('another one runs');
    expect(known('ask').at(100).call('a1').at(105).arrive('a1').found(judgeRepeats)[0]).toContain(
      'has run for 5 ms',
    );
  });
});

describe('the reference of deadlines', () => {
  it('finds a request that takes longer, one that has no answer, and a time limit that comes early', () => {
    const routing = { deadlineMs: 100 };
    const ending = (ms: number): WireScene => {
      const scene = new WireScene({ routing });
      return scene.call('a1').at(ms).end('a1', { kind: 'taken-back' }).reply('a1', 'OMNI_UPSTREAM_TIMEOUT');
    };
    const ofFirst = (scene: WireScene): readonly string[] =>
      scene.found(judgeDeadlines).filter((what) => what.startsWith('a1 '));
    expect(ofFirst(ending(100))).toEqual([]);
    expect(ofFirst(ending(101))).toEqual(['a1 to "u" takes 101 ms of 100']);
    expect(ofFirst(ending(99))).toEqual(['a1 to "u" has timed out after 99 ms']);
    expect(ofFirst(new WireScene().call('a1'))).toEqual(['a1 to "u" has no answer']);
  });

  it('finds an attempt that runs for too long', () => {
    const scene = new WireScene().call('a1').at(1_201).end('a1', { kind: 'taken-back' });
    expect(scene.found(judgeDeadlines)).toContain('a1#1 runs for 1201 ms of 1200');
  });
});

describe('the reference of answers', () => {
  it('finds an answer that is lost, late, or nobody has given', () => {
    expect(new WireScene().call('a1').answer('a1').found(judgeAnswers)).toEqual([]);
    const lost = new WireScene()
      .call('a1')
      .end('a1', { kind: 'answer' })
      .reply('a1', 'OMNI_UPSTREAM_TIMEOUT');
    expect(lost.found(judgeAnswers)[0]).toContain('though #1 was answered at 0');
    const late = new WireScene().call('a1').end('a1', { kind: 'answer' }).at(1);
    expect(late.reply('a1', { kind: 'answer', attempt: 1 }).found(judgeAnswers)[0]).toContain(
      'is answered at 1',
    );
    const none = new WireScene().call('a1').reply('a1', { kind: 'answer', attempt: 2 });
    expect(none.found(judgeAnswers)[0]).toContain('is answered by #2, which has not');
    expect(new WireScene().call('a1').answer('a1').answer('a1').found(judgeAnswers)[0]).toBe(
      'a1 has a second answer',
    );
  });

  it('finds an error that says something else than has happened', () => {
    expect(new WireScene().call('a1').fail('a1').found(judgeAnswers)).toEqual([]);
    const code = 'OMNI_UPSTREAM_HTTP_STATUS';
    const wrong = new WireScene()
      .call('a1')
      .end('a1', CUT)
      .reply('a1', { kind: 'error', code, isUnknown: true });
    expect(wrong.found(judgeAnswers)[0]).toContain('fails with OMNI_UPSTREAM_HTTP_STATUS, after');
  });

  it('finds a cut call that is not said to be of unknown outcome, and a refused one that is', () => {
    const cut = new WireScene().call('a1').end('a1', CUT).reply('a1', 'OMNI_UPSTREAM_UNREACHABLE');
    expect(cut.found(judgeAnswers)[0]).toContain('is not said to be of unknown outcome');
    const saidUnknown = (status: number) =>
      new WireScene()
        .call('a1')
        .end('a1', { kind: 'status', status })
        .reply('a1', { kind: 'error', code: 'OMNI_UPSTREAM_HTTP_STATUS', isUnknown: true })
        .found(judgeAnswers);
    expect(saidUnknown(501)[0]).toContain('is said to be of unknown outcome');
    expect(saidUnknown(408)).toEqual([]);
  });
});
