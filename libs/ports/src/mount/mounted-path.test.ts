import { describe, expect, it } from '@jest/globals';
import { normalBasePath, pathWithin } from './mounted-path.ts';

describe('normalBasePath', () => {
  it.each([
    [undefined, ''],
    ['', ''],
    ['/', ''],
    ['/omni', '/omni'],
    ['/omni/', '/omni'],
    ['omni', '/omni'],
    ['/a/b//', '/a/b'],
  ])('makes %j to %j', (given, expected) => {
    expect(normalBasePath(given)).toBe(expected);
  });
});

// guard: mount/base-path
describe('pathWithin', () => {
  it.each([
    ['', '/mcp', '/mcp'],
    ['/omni', '/omni/mcp', '/mcp'],
    ['/omni', '/omni/mcp/', '/mcp/'],
    ['/omni', '/omni/mcp/github', '/mcp/github'],
    ['/omni', '/omni', '/'],
    ['/omni', '/omni/', '/'],
    ['/omni', '/mcp', undefined],
    ['/omni', '/omnibus/mcp', undefined],
    ['/omni', '/OMNI/mcp', undefined],
    ['/omni', '', undefined],
  ])('below %j takes %j for %j', (basePath, path, expected) => {
    expect(pathWithin(basePath, path)).toBe(expected);
  });
});
