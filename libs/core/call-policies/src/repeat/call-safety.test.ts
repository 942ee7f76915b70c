import { describe, expect, it } from '@jest/globals';
import type { ToolHints } from '@omni/model';
import { isReadOnly, isSafe } from './call-safety.ts';

function ofTool(hints: Partial<ToolHints> | undefined, isTrusted = true) {
  const call = { method: 'tools/call', isTrusted, ...(hints !== undefined && { hints }) };
  return { isReadOnly: isReadOnly(call), isSafe: isSafe(call) };
}

describe('isSafe', () => {
  it('takes lists and reads for safe, whoever the server is', () => {
    for (const method of [
      'ping',
      'prompts/list',
      'resources/list',
      'resources/templates/list',
      'tasks/get',
      'tasks/list',
      'tools/list',
      'resources/read',
      'prompts/get',
      'completion/complete',
      'server/discover',
    ])
      expect([method, isReadOnly({ method, isTrusted: false })]).toEqual([method, true]);
  });

  it('takes nothing for safe that it does not know', () => {
    for (const method of [
      'tasks/cancel',
      'tools/call',
      'resources/subscribe',
      'sums/add',
      'logging/setLevel',
    ])
      expect([method, isSafe({ method, isTrusted: true })]).toEqual([method, false]);
  });

  // guard: repeat/trusted
  it('believes what trusted servers say of their tools, and no others', () => {
    expect(ofTool({ isReadOnly: true })).toEqual({ isReadOnly: true, isSafe: true });
    expect(ofTool({ isIdempotent: true })).toEqual({ isReadOnly: false, isSafe: true });
    expect(ofTool({ isReadOnly: false, isIdempotent: false })).toEqual({
      isReadOnly: false,
      isSafe: false,
    });
    expect(ofTool(undefined)).toEqual({ isReadOnly: false, isSafe: false });
    expect(ofTool({ isReadOnly: true, isIdempotent: true }, false)).toEqual({
      isReadOnly: false,
      isSafe: false,
    });
  });

  it('does not believe hints of what is no tool', () => {
    const call = {
      method: 'tasks/cancel',
      isTrusted: true,
      hints: { isReadOnly: true, isIdempotent: true },
    };
    expect(isSafe(call)).toBe(false);
  });
});
