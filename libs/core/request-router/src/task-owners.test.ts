import { describe, expect, it } from '@jest/globals';
import { TaskOwners } from './task-owners.ts';

describe('TaskOwners', () => {
  it.each([
    ['a legacy server', '{"task":{"taskId":"t","status":"working"}}'],
    ['a modern server', '{"resultType":"task","taskId":"t","status":"working"}'],
  ])('gives a task of %s to whoever has started it, and to nobody else', (_what, result) => {
    const owners = new TaskOwners();
    owners.learn('files', 'ada', result);
    expect(owners.isOwn('files', 'ada', 't')).toBe(true);
    expect(owners.isOwn('files', 'bob', 't')).toBe(false);
    expect(owners.isOwn('other', 'ada', 't')).toBe(false);
    expect(owners.isOwn('files', 'ada', 'unseen')).toBe(false);
    expect(owners.isOwn('files', 'ada', undefined)).toBe(false);
  });

  it.each(['{"content":[]}', '{"task":"t"}', '{"taskId":1}', '[]', 'no JSON'])('learns nothing from %s', (result) => {
    const owners = new TaskOwners();
    owners.learn('files', 'ada', result);
    expect(owners.isOwn('files', 'ada', 't')).toBe(false);
  });

  it('forgets the oldest of more than ten thousand', () => {
    const owners = new TaskOwners();
    for (let index = 0; index <= 10_000; index++) owners.learn('files', 'ada', `{"task":{"taskId":"${index}"}}`);
    expect([owners.isOwn('files', 'ada', '0'), owners.isOwn('files', 'ada', '1')]).toEqual([false, true]);
  });

  it('keeps own tasks in a list byte for byte and drops the others', () => {
    const owners = new TaskOwners();
    owners.learn('files', 'ada', '{"task":{"taskId":"a"}}');
    owners.learn('files', 'bob', '{"task":{"taskId":"b"}}');
    const list = '{"tasks":[ {"taskId":"b"} , {"taskId":"\\u0061","n":1.0}, {"taskId":"c"}, 5 ],"nextCursor":"x"}';
    expect(owners.onlyOwn('files', 'ada', list)).toBe('{"tasks":[{"taskId":"\\u0061","n":1.0}],"nextCursor":"x"}');
    expect(owners.onlyOwn('files', 'eve', list)).toBe('{"tasks":[],"nextCursor":"x"}');
    expect(owners.onlyOwn('files', 'ada', '{"tasks":5}')).toBe('{"tasks":5}');
  });
});
