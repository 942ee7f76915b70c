import { describe, expect, it } from '@jest/globals';
import { Violations } from '../checks/violations.ts';
import { CallLedger } from './call-ledger.ts';

const TEXT = '{"arguments":{ "token":"c0-1" }}';

/** One call for the server `a`, and what is found of it. */
function scene({ maxUnderWay = 1 } = {}) {
  let nowMs = 0;
  const violations = new Violations(() => nowMs);
  const ledger = new CallLedger(violations, maxUnderWay, () => nowMs);
  const open = (token: string): void =>
    ledger.open({
      token,
      client: 'c0',
      principal: 'ada',
      host: 'a',
      isCapable: false,
      argumentsText: `{ "token":"${token}" }`,
    });
  open('c0-1');
  return {
    ledger,
    open,
    pass: (ms: number): void => void (nowMs += ms),
    found: (): readonly string[] => violations.all.map(({ invariant, what }) => `${invariant}: ${what}`),
  };
}

describe('CallLedger', () => {
  it('finds nothing where a call is received once, as it was sent, and answered', () => {
    const { ledger, found } = scene();
    ledger.onReceived('a', TEXT);
    ledger.onWorked(TEXT);
    ledger.onAnswered(TEXT);
    expect(found()).toEqual([]);
  });

  it('finds a call that a server receives twice', () => {
    const { ledger, found } = scene({ maxUnderWay: 2 });
    ledger.onReceived('a', TEXT);
    ledger.onReceived('a', TEXT);
    expect(found()).toEqual(['I3: "a" received c0-1 2 times']);
  });

  it('finds a call that goes to another server, or with other bytes', () => {
    const { ledger, found } = scene();
    ledger.onReceived('b', '{"arguments":{"token":"c0-1"}}');
    expect(found()).toEqual([
      'I2: "b" received c0-1, which is for "a"',
      'I12: "b" received other arguments of c0-1 than were sent',
    ]);
  });

  it('finds a call that is sent after its client has left it, and one that goes on long after', () => {
    const { ledger, pass, found } = scene();
    ledger.abandon('c0-1');
    ledger.onReceived('a', TEXT);
    expect(found()).toEqual([]);
    pass(6_000);
    ledger.onWorked(TEXT);
    ledger.onReceived('a', TEXT);
    expect(found()).toEqual([
      'I7: "a" still works on c0-1, 6000 ms after its client left it',
      'I7: "a" received c0-1, 6000 ms after its client left it',
      'I3: "a" received c0-1 2 times',
    ]);
  });

  it('finds more calls under way than a server may have; what is over makes room', () => {
    const { ledger, open, found } = scene({ maxUnderWay: 1 });
    open('c0-2');
    open('c0-3');
    ledger.onReceived('a', TEXT);
    ledger.onAnswered(TEXT);
    ledger.onReceived('a', '{"arguments":{ "token":"c0-2" }}');
    ledger.onOver('c0-2');
    expect(found()).toEqual([]);
    open('c0-4');
    ledger.onReceived('a', '{"arguments":{ "token":"c0-3" }}');
    ledger.onReceived('a', '{"arguments":{ "token":"c0-4" }}');
    expect(found()).toEqual(['I10: "a" has 2 calls of 1']);
  });
});
