import { describe, expect, it } from '@jest/globals';
import { createRedactor } from './redaction.ts';

describe('createRedactor', () => {
  // guard: redaction/values, redaction/longest-first
  it('replaces each configured value, the longer first', () => {
    const redact = createRedactor(['hunter', 'hunter2-long']);
    expect(redact('login hunter2-long then hunter.')).toBe('login *** then ***.');
  });

  it('leaves values that are too short to be secret', () => {
    expect(createRedactor(['abc', ''])('abc alphabet')).toBe('abc alphabet');
  });

  // guard: redaction/lines
  it('replaces the lines of a value of several lines', () => {
    const redact = createRedactor(['-----BEGIN KEY-----\nAAAABBBBCCCC\nDDDDEEEEFFFF']);
    expect(redact('dump: DDDDEEEEFFFF')).toBe('dump: ***');
  });

  // guard: redaction/patterns
  it.each([
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer ***'],
    ['key sk-proj-0123456789', 'key ***'],
    ['ghp_0123456789abcdef failed', '*** failed'],
    ['token=abcdef&x=1', 'token=***&x=1'],
    ['"password": "p4ssw0rd"', '"password": "***"'],
    ['GITHUB_TOKEN=abcdef', 'GITHUB_TOKEN=***'],
    ['postgres://me:hunter2@db/x', 'postgres://***@db/x'],
  ])('recognises %s', (text, redacted) => {
    expect(createRedactor([])(text)).toBe(redacted);
  });

  it('leaves ordinary words alone', () => {
    const text = 'listening on http://127.0.0.1:8080, 3 tokens left, a secret place, at b@c.d';
    expect(createRedactor([])(text)).toBe(text);
  });

  it('takes time in proportion to the text', () => {
    const redact = createRedactor(['secret-value']);
    const hostile = 'a-'.repeat(32_768) + ' token ='.repeat(4_096) + 'http://'.repeat(4_096);
    const startedAt = performance.now();
    redact(hostile);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
