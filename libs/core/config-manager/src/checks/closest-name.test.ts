import { describe, expect, it } from '@jest/globals';
import { closestName, suggestion } from './closest-name.ts';

describe('closestName', () => {
  it.each([
    ['comand', 'command'],
    ['MCPSERVERS', 'mcpServers'],
    ['agrs', 'args'],
    ['ulr', 'url'],
    ['header', 'headers'],
  ])('takes %s for %s', (written, meant) => {
    expect(closestName(written, ['command', 'mcpServers', 'args', 'url', 'headers'])).toBe(meant);
  });

  it('prefers the nearer candidate', () => {
    expect(closestName('servr', ['serves', 'server', 'servers'])).toBe('server');
  });

  it.each(['zzz', 'x', 'colour', 'a'.repeat(65)])('finds nothing near %s', (written) => {
    expect(closestName(written, ['command', 'args', 'url'])).toBeUndefined();
  });

  it('gives words for a message only when something is near', () => {
    expect(suggestion('comand', ['command'])).toBe('; did you mean "command"?');
    expect(suggestion('zzz', ['command'])).toBe('');
  });
});
