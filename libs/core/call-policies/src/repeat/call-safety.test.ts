import { describe, expect, it } from '@jest/globals';
import { isReadOnly, isSafe, type ToolHints } from './call-safety.ts';

function ofTool(annotations: ToolHints | undefined, isTrusted = true) {
  const call = { method: 'tools/call', isTrusted, ...(annotations !== undefined && { annotations }) };
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
    expect(ofTool({ readOnlyHint: true })).toEqual({ isReadOnly: true, isSafe: true });
    expect(ofTool({ idempotentHint: true })).toEqual({ isReadOnly: false, isSafe: true });
    expect(ofTool({ readOnlyHint: false, idempotentHint: false })).toEqual({
      isReadOnly: false,
      isSafe: false,
    });
    expect(ofTool(undefined)).toEqual({ isReadOnly: false, isSafe: false });
    expect(ofTool({ readOnlyHint: true, idempotentHint: true }, false)).toEqual({
      isReadOnly: false,
      isSafe: false,
    });
  });

  it('does not believe hints of what is no tool', () => {
    const call = {
      method: 'tasks/cancel',
      isTrusted: true,
      annotations: { readOnlyHint: true, idempotentHint: true },
    };
    expect(isSafe(call)).toBe(false);
  });
});
