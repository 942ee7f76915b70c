import type { Connect } from './busy-client.ts';

interface Waiting {
  readonly id: string;
  readonly canary: string;
  readonly deliver: (text: string) => void;
}

/**
 * How a relay goes wrong: gives two clients each other's answers, or answers a call with what an earlier call
 * of that client brought.
 */
export type Confusion = 'swaps' | 'repeats';

/** Stands for a gateway that mixes up answers once in `every` calls: what the oracle has to notice. */
export function confusedRelay(confusion: Confusion, every: number): Connect {
  let calls = 0;
  let held: Waiting | undefined;
  return (_principal, deliver) => {
    let earlier = '';
    return {
      close: () => {},
      send: (text) => {
        // The clients send JSON-RPC.
        const message = JSON.parse(text) as {
          id?: unknown;
          method: string;
          params?: { arguments?: { canary: string } };
        };
        if (message.id === undefined) return;
        const own = {
          id: JSON.stringify(message.id),
          canary: message.params?.arguments?.canary ?? '',
          deliver,
        };
        if (own.canary === '') return answer(own, '');
        const other = held;
        if (other !== undefined) {
          held = undefined;
          answer(other, own.canary);
          return answer(own, other.canary);
        }
        if (++calls % every > 0) {
          earlier = own.canary;
          return answer(own, own.canary);
        }
        if (confusion === 'repeats') return answer(own, earlier);
        held = own;
        // When no other call comes, there is nobody to swap with.
        setImmediate(() => {
          if (held === own) answer(own, own.canary);
          held = undefined;
        });
      },
    };
  };
}

function answer({ id, deliver }: Waiting, canary: string): void {
  setImmediate(() =>
    deliver(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${canary}"}]}}`),
  );
}
