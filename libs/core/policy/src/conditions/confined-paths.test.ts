import { describe, expect, it } from '@jest/globals';
import { readArguments } from './argument-values.ts';
import { areConfined, isWithin } from './confined-paths.ts';

const ROOTS = ['/srv/data', 'C:\\work', '.'];

describe('isWithin', () => {
  it.each([
    '/srv/data',
    '/srv/data/',
    '/srv/data/a/../b',
    '/srv//data/./x',
    'a/b',
    './a',
    'a/../b',
    '..a',
    'c:/work/x',
    'C:\\work\\x',
    'file:///srv/data/a%20b',
    'file:/srv/data/a',
    'file://localhost/srv/data/a',
    'file:///C:/work/a',
  ])('has %s', (path) => {
    expect(isWithin(path, ROOTS)).toBe(true);
  });

  // guard: policy/climbing-paths
  // guard: policy/strange-paths
  it.each([
    '/srv/database',
    '/srv',
    '/srv/data/../x',
    '/srv/data/a/../../x',
    '/../srv/data',
    '../a',
    'a/../../b',
    'a\\..\\..\\b',
    '~/x',
    '~root/x',
    '//host/srv/data',
    '\\\\host\\srv\\data',
    '/srv/data/a\0/../..',
    'c:x',
    'D:\\work',
    'c:/work/../windows',
    'file:///srv/data/%2e%2e/x',
    'file:///srv/data/%2E%2E%2fx',
    'file:///srv/data/%zz',
    'file://host/srv/data/a',
    'FILE:///etc/passwd',
    'file:srv/data',
  ])('does not have %s', (path) => {
    expect(isWithin(path, ROOTS)).toBe(false);
  });
});

describe('areConfined', () => {
  const confined = (text: string): boolean => areConfined(readArguments(text).values, ['/srv/data']);

  it.each([
    '{"path":"/srv/data/x","n":1,"flag":true}',
    '{"text":"/etc/passwd"}',
    '{"url":"https://example.com/a","source":"https://example.com/a"}',
    '{"paths":["/srv/data/a","/srv/data/b"]}',
    '{}',
  ])('takes %s', (text) => {
    expect(confined(text)).toBe(true);
  });

  it.each([
    '{"path":"/etc/passwd"}',
    '{"FilePath":"/etc/passwd"}',
    '{"paths":["/srv/data/a","/etc"]}',
    '{"edits":[{"directory":"/etc"}]}',
    '{"files":{"name":"/etc"}}',
    '{"destination":"relative"}',
    '{"link":"file:///etc/passwd"}',
    '{"path":"c:\\\\windows"}',
  ])('refuses %s', (text) => {
    expect(confined(text)).toBe(false);
  });
});
