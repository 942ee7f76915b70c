import { describe, expect, it } from '@jest/globals';
import { capabilitiesAcrossEras } from './client-capabilities.ts';

describe('capabilitiesAcrossEras', () => {
  // guard: capabilities/tasks, capabilities/relayed
  it.each([
    [
      'what both eras have, byte for byte',
      '{ "sampling" : {"tools":{ },"n":1.0},"elicitation":{"form":{},"url":{}},"roots":{}}',
      '{"sampling":{"tools":{ },"n":1.0},"elicitation":{"form":{},"url":{}},"roots":{}}',
    ],
    ['no declaration of changed roots', '{"roots":{"listChanged":true,"x":1.0}}', '{"roots":{"x":1.0}}'],
    [
      'no tasks of either era',
      '{"tasks":{"list":{}},"extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{"mimeTypes":["text/html"]}}}',
      '{"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html"]}}}',
    ],
    ['no empty container', '{"extensions":{"io.modelcontextprotocol/tasks":{}},"experimental":{ }}', '{}'],
    [
      'nothing that is not known',
      '{"vendor":{"sampling":{}},"experimental":{"a":{}}}',
      '{"experimental":{"a":{}}}',
    ],
    [
      'capabilities of a strange shape as they are',
      '{"roots":true,"extensions":7}',
      '{"roots":true,"extensions":7}',
    ],
    ['nothing of what is no object', '[{"sampling":{}}]', '{}'],
    ['nothing of what is no JSON', '{"sampling":', '{}'],
    ['nothing of what says a thing twice', '{"sampling":{},"sampling":{"tools":{}}}', '{}'],
  ])('gives %s', (_what, capabilities, expected) => {
    expect(capabilitiesAcrossEras(capabilities)).toBe(expected);
  });
});
