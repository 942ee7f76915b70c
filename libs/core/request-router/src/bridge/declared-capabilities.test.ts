import { describe, expect, it } from '@jest/globals';
import { canAnswer } from './declared-capabilities.ts';

const SAMPLING = ['sampling/createMessage', '{"messages":[]}'] as const;
const TOOLS = ['sampling/createMessage', '{"tools":[]}'] as const;
const CHOICE = ['sampling/createMessage', '{"toolChoice":{}}'] as const;
const FORM = ['elicitation/create', '{"mode":"form"}'] as const;
const PLAIN = ['elicitation/create', '{"message":"?"}'] as const;
const PAGE = ['elicitation/create', '{"mode":"url"}'] as const;
const ROOTS = ['roots/list', ''] as const;
const ALL = [SAMPLING, TOOLS, CHOICE, FORM, PLAIN, PAGE, ROOTS] as const;

describe('canAnswer', () => {
  it.each([
    ['{}', []],
    ['no JSON', []],
    ['[]', []],
    ['{"sampling":{}}', [SAMPLING]],
    ['{"sampling":{"tools":{}}}', [SAMPLING, TOOLS, CHOICE]],
    ['{"elicitation":{}}', [FORM, PLAIN]],
    ['{"elicitation":{"form":{}}}', [FORM, PLAIN]],
    ['{"elicitation":{"url":{}}}', [PAGE]],
    ['{"elicitation":{"form":{},"url":{}}}', [FORM, PLAIN, PAGE]],
    ['{"roots":{}}', [ROOTS]],
    ['{"experimental":{"elicitation":{}},"extensions":{"sampling":{}}}', []],
  ])('lets a client with %s be asked for nothing else', (capabilities, expected) => {
    expect(ALL.filter(([method, params]) => canAnswer(capabilities, { method, params }))).toEqual(expected);
  });

  it('knows no other question', () => {
    expect(canAnswer('{"ping":{},"tasks":{}}', { method: 'ping', params: '' })).toBe(false);
  });
});
