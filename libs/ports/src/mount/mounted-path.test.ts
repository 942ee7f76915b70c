import { describe, expect, it } from '@jest/globals';
import { normalBasePath, outsideOf, pathWithin } from './mounted-path.ts';

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

describe('outsideOf', () => {
  it('says where Omni is, to whoever has mounted it elsewhere', () => {
    const { code, message, hint } = outsideOf('/omni');
    expect(code).toBe('OMNI_PATH_UNKNOWN');
    expect(message).toContain('below /omni');
    expect(hint).toContain('/omni/mcp');
    expect(hint).toContain('basePath');
  });
});
