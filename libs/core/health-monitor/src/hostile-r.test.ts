import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { HealthMonitor } from './health-monitor.ts';
import { Scorecard } from './scorecard.ts';
import { serversDocument } from './servers-document.ts';

/* FAILING TESTS of a hostile reader. */

describe('R: the score', () => {
  it('is of the last hour, also after a wall clock that was a year ahead was set right', () => {
    const clock = new VirtualClock();
    const right = clock.now();
    clock.setWallClock(right + 365 * 86_400_000);
    const card = new Scorecard('ok', clock.now());
    clock.advance(60_000);
    card.see('ok', clock.now());
    clock.setWallClock(right);
    card.see('ok', clock.now());
    for (let hour = 0; hour < 24; hour++) {
      clock.advance(3_600_000);
      card.see('ok', clock.now());
    }
    card.see('error', clock.now());
    // It has been down for two hours.
    for (let minute = 0; minute < 120; minute++) {
      clock.advance(60_000);
      card.see('error', clock.now());
    }
    expect(card.facts(clock.now()).score).toBe(0);
  });
});

describe('R: the page of servers', () => {
  it('bears a component whose time is none, as the health document does', () => {
    const health = new HealthMonitor({ clock: new VirtualClock() });
    health.register({
      name: 'upstream:x',
      server: 'x',
      critical: false,
      getStatus: () => ({ level: 'ok', since: Number.NaN, details: {} }),
    });
    expect(() => serversDocument(health.getReadiness())).not.toThrow();
  });
});
