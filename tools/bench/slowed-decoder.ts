/**
 * Preloaded into Omni by the negative controls of `compared-calls.ts`: every message that is decoded is
 * parsed and written out many times.
 */
const ROUNDS = 60;

type Decode = InstanceType<typeof TextDecoder>['decode'];

class SlowedDecoder extends TextDecoder {
  override decode(...args: Parameters<Decode>): string {
    const text = super.decode(...args);
    if (text.startsWith('{'))
      for (let round = 0; round < ROUNDS; round += 1) JSON.stringify(JSON.parse(text));
    return text;
  }
}

globalThis.TextDecoder = SlowedDecoder;
