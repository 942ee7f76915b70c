import { describe, expect, it } from '@jest/globals';
import { UnreadAnswers, type UnreadHolder } from './unread-answers.ts';

class Reader implements UnreadHolder {
  readonly sharer: string;
  unreadBytes = 0;
  isCut = false;
  readonly #answers: UnreadAnswers;

  constructor(answers: UnreadAnswers, sharer: string) {
    this.#answers = answers;
    this.sharer = sharer;
  }

  write(bytes: number): this {
    this.unreadBytes += bytes;
    this.#answers.note(this);
    return this;
  }

  cut(): void {
    this.isCut = true;
    this.unreadBytes = 0;
  }
}

describe('UnreadAnswers', () => {
  // guard: unread/budget
  it('never holds more than its budget, whatever is written and read', () => {
    const answers = new UnreadAnswers(1_000);
    const readers = Array.from({ length: 20 }, (_, at) => new Reader(answers, `user ${at % 4}`));
    let seed = 3;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    let cuts = 0;
    for (let step = 0; step < 5_000; step++) {
      const at = random(readers.length);
      const reader = readers[at] as Reader;
      if (random(3) === 0) reader.unreadBytes = random(reader.unreadBytes + 1);
      else reader.write(random(200));
      if (reader.isCut) {
        cuts++;
        readers[at] = new Reader(answers, reader.sharer);
      }
      expect(readers.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0)).toBeLessThanOrEqual(1_000);
    }
    expect(cuts).toBeGreaterThan(10);
  });

  // guard: unread/fair
  it('takes the largest connection of whoever has most, and leaves all others alone', () => {
    const answers = new UnreadAnswers(1_000);
    const slow = new Reader(answers, 'bob').write(300);
    const hog = [150, 220, 180, 140].map((bytes) => new Reader(answers, 'ada').write(bytes));
    expect([slow, ...hog].map(({ isCut }) => isCut)).toEqual([false, false, false, false, false]);
    new Reader(answers, 'owner').write(100);
    expect([slow, ...hog].map(({ isCut }) => isCut)).toEqual([false, false, true, false, false]);
  });

  it('counts what was read meanwhile as read before it cuts anybody', () => {
    const answers = new UnreadAnswers(1_000);
    const [one, two] = [new Reader(answers, 'ada').write(600), new Reader(answers, 'bob')];
    one.unreadBytes = 100;
    two.write(700);
    expect([one.isCut, two.isCut]).toEqual([false, false]);
    expect(answers.total).toBe(800);
  });

  it('cuts who exceeds it alone, and forgets what is gone', () => {
    const answers = new UnreadAnswers(1_000);
    const alone = new Reader(answers, 'ada').write(1_001);
    expect(alone.isCut).toBe(true);
    expect(answers.total).toBe(0);
    const gone = new Reader(answers, 'ada').write(900);
    answers.forget(gone);
    answers.forget(gone);
    expect(answers.total).toBe(0);
  });
});
