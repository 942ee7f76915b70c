const FLOOD_MESSAGES = 50;
const FLOOD_PAD = 'x'.repeat(900);

/** Sends an answer, on standard streams with what is to be written before it. */
export type SendAnswer = (before?: string) => void;

/** Holds the answer to a call back as a manner wants it. */
export type HoldBack = (send: SendAnswer) => void;

/**
 * How an upstream treats calls of its tool; everything else it answers at once.
 *
 * @param manner - `prompt`: at once; `hang`: never; `slow:MS`: after so many milliseconds; `places:COUNT:MS`:
 * so many at the same time, each for so many milliseconds, the others in a row; `flood`: at once, behind 50
 * notifications of 1 KB (standard streams only).
 * @returns `undefined` for one that holds nothing back.
 */
export function createManner(manner: string): HoldBack | undefined {
  const [name, ...numbers] = manner.split(':');
  const [first = 0, second = 0] = numbers.map(Number);
  switch (name) {
    case 'prompt':
      return undefined;
    case 'hang':
      return () => undefined;
    case 'slow':
      return (send) => void setTimeout(() => send(), first);
    case 'places':
      return places(first, second);
    case 'flood':
      return (send) => send(flood());
    default:
      throw new RangeError(`no manner is called ${manner}`);
  }
}

function places(count: number, holdMs: number): HoldBack {
  const waiting: SendAnswer[] = [];
  let free = count;
  const take = (send: SendAnswer): void => {
    free -= 1;
    setTimeout(() => {
      send();
      free += 1;
      const next = waiting.shift();
      if (next !== undefined) take(next);
    }, holdMs);
  };
  return (send) => {
    if (free > 0) take(send);
    else waiting.push(send);
  };
}

function flood(): string {
  const note = JSON.stringify({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'info', data: FLOOD_PAD },
  });
  return `${note}\n`.repeat(FLOOD_MESSAGES);
}
