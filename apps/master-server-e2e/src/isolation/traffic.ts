import { BusyClient, type Connect, type Speech } from './busy-client.ts';
import { CanaryOracle } from './canary-oracle.ts';
import { SeededRandom } from './seeded-random.ts';

export const PRINCIPALS = 200;
export const SEED = 4711;
/** Of ten clients in a row. */
const SPEECHES: readonly Speech[] = [
  { version: '2025-11-25', canBeAsked: false },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2025-11-25', canBeAsked: true },
  { version: '2025-06-18', canBeAsked: false },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2025-03-26', canBeAsked: false },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2025-03-26', canBeAsked: true },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2024-11-05', canBeAsked: false },
];

/** What was done while the oracle looked. */
export interface Traffic {
  readonly oracle: CanaryOracle;
  readonly cancels: number;
  readonly lives: number;
}

/**
 * Lets clients talk until so many messages have been looked at; the principals are called `p0`, `p1` and so
 * on.
 */
export async function runTraffic(
  connect: Connect,
  messages: number,
  oracle = new CanaryOracle(),
): Promise<Traffic> {
  const clients = Array.from(
    { length: PRINCIPALS },
    (_, index) =>
      new BusyClient({
        principal: `p${index}`,
        speech: SPEECHES[index % SPEECHES.length] ?? { version: '2025-11-25', canBeAsked: false },
        tools: ['old__talk', 'new__talk'],
        oracle,
        random: new SeededRandom(SEED + index),
        connect,
        goesOn: () => oracle.messages < messages,
      }),
  );
  for (const client of clients) client.start();
  await Promise.all(clients.map(({ done }) => done));
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  return {
    oracle,
    cancels: sum(clients.map(({ cancels }) => cancels)),
    lives: sum(clients.map(({ lives }) => lives)),
  };
}
