import { describe, expect, it } from '@jest/globals';
import { canAnswer, missingCapability } from './declared-capabilities.ts';

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
    for (const method of ['ping', 'tasks/get'])
      expect(canAnswer('{"ping":{},"tasks":{}}', { method, params: '' })).toBe(false);
  });
});

describe('missingCapability', () => {
  it.each([
    ['{}', SAMPLING, 'sampling'],
    ['{"sampling":{}}', TOOLS, 'sampling.tools'],
    ['{"elicitation":{"url":{}}}', FORM, 'elicitation'],
    ['{"elicitation":{}}', PAGE, 'elicitation.url'],
    ['{}', ROOTS, 'roots'],
    ['{}', ['tasks/get', '{"taskId":"1"}'], 'tasks'],
  ] as const)('names what a client with %s lacks for %j: %s', (capabilities, [method, params], path) => {
    expect(missingCapability(capabilities, { method, params })).toBe(path);
  });

  it.each([
    ['{"tasks":{}}', 'tasks/list'],
    ['{"elicitation":{"form":{},"url":{}}}', 'elicitation/create'],
    ['{}', 'vendor/ask'],
  ])('is none for a client with %s that is asked for %s', (capabilities, method) => {
    expect(missingCapability(capabilities, { method, params: '' })).toBeUndefined();
  });
});
