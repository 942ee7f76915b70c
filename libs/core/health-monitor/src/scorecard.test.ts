import { describe, expect, it } from '@jest/globals';
import { Scorecard } from './scorecard.ts';

const MINUTE = 60_000;

describe('Scorecard', () => {
  it('knows nothing at first, and of time in which nobody knew [S003-HM-05]', () => {
    const card = new Scorecard('unknown', 0);
    expect(card.facts(0)).toEqual({ score: null, changes: [] });
    expect(card.facts(10 * MINUTE).score).toBeNull();
    card.see('ok', 10 * MINUTE);
    expect(card.facts(11 * MINUTE).score).toBe(100);
  });

  it('is the share of time in which it was well; warn counts half [S003-HM-05]', () => {
    const card = new Scorecard('ok', 0);
    card.see('error', 5 * MINUTE);
    expect(card.facts(10 * MINUTE).score).toBe(50);
    card.see('warn', 10 * MINUTE);
    expect(card.facts(20 * MINUTE).score).toBe(50);
    card.see('ok', 20 * MINUTE);
    expect(card.facts(30 * MINUTE).score).toBe(67);
  });

  it('forgets what is more than an hour old', () => {
    const card = new Scorecard('error', 0);
    card.see('ok', 30 * MINUTE);
    expect(card.facts(60 * MINUTE).score).toBe(50);
    expect(card.facts(90 * MINUTE).score).toBe(100);
    expect(card.facts(1_000_000 * MINUTE).score).toBe(100);
  });

  it('takes nothing away when the wall clock is set back', () => {
    const card = new Scorecard('ok', 100 * MINUTE);
    card.see('error', 110 * MINUTE);
    card.see('ok', 50 * MINUTE);
    expect(card.facts(51 * MINUTE).score).toBe(100);
  });

  it('is of the last hour, also after a wall clock that was a year ahead was set right', () => {
    const ahead = 365 * 24 * 60 * MINUTE;
    const card = new Scorecard('ok', ahead);
    card.see('ok', ahead + MINUTE);
    card.see('error', 0);
    expect(card.facts(59 * MINUTE).score).toBe(2);
    expect(card.facts(120 * MINUTE).score).toBe(0);
  });

  it('keeps its last ten changes, the latest first', () => {
    const card = new Scorecard('ok', 0);
    for (let at = 1; at <= 20; at++) card.see(at % 2 === 1 ? 'error' : 'ok', at);
    const { changes } = card.facts(21);
    expect(changes).toHaveLength(10);
    expect(changes[0]).toEqual({ at: 20, from: 'error', to: 'ok' });
    expect(changes[9]).toEqual({ at: 11, from: 'ok', to: 'error' });
  });
});
