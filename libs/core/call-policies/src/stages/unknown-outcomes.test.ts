import { describe, expect, it } from '@jest/globals';
import { NO_HINTS, type RoutedRequest } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { requestOf, specWith } from './stage-scene.fixture.ts';
import { unknownOutcomes } from './unknown-outcomes.ts';

const EXITED = new GatewayError('OMNI_UPSTREAM_EXITED', '"up" exited with code 1');
const IDEMPOTENT = { ...NO_HINTS, isIdempotent: true };

/** What a client is told of a call that was cut. */
function toldOf(request: RoutedRequest, trustsHints = false): string | undefined {
  const cuts: string[] = [];
  const stage = unknownOutcomes({
    specOf: () => specWith({ trustsHints }),
    random: () => 0.5,
    onCut: (_request, upstream, { operation }) => void cuts.push(`${upstream} ${operation}`),
  });
  const run = (): never => {
    throw new Error('not run here');
  };
  // Nothing stands between the client and the next stage.
  expect(stage(request, run)).toBe(run);
  const told = request.context.tellFailure?.({ kind: 'error', error: EXITED, phase: 'sent' });
  if (told === undefined) return undefined;
  expect(cuts).toEqual(['up i0000000i0000000']);
  expect(told.error.data).toMatchObject({ operation: 'i0000000i0000000', cause: 'OMNI_UPSTREAM_EXITED' });
  return told.error.code;
}

describe('a call that is cut once it was sent', () => {
  it('has an unknown outcome when it is of a tool', () => {
    expect(toldOf(requestOf('tools/call'))).toBe('OMNI_OUTCOME_UNKNOWN');
    expect(toldOf(requestOf('tools/call', { hints: NO_HINTS }), true)).toBe('OMNI_OUTCOME_UNKNOWN');
  });

  it('is told as it is when it is safe, and its server trusted', () => {
    expect(toldOf(requestOf('tools/call', { hints: IDEMPOTENT }), true)).toBeUndefined();
    expect(toldOf(requestOf('tools/call', { hints: IDEMPOTENT }), false)).toBe('OMNI_OUTCOME_UNKNOWN');
    expect(toldOf(requestOf('resources/read'))).toBeUndefined();
    expect(toldOf(requestOf('prompts/get'))).toBeUndefined();
  });

  it('was sent before when it goes on with another one', () => {
    const request = requestOf('tools/call', { isPinned: true });
    toldOf(request);
    expect(request.context.wasSent).toBe(true);
  });
});
