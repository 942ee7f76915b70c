import { describe, expect, it } from '@jest/globals';
import { isAboutCall } from './call-notification.ts';
import { messageOf, requestOf } from '../router.fixture.ts';

function progress(token: string): ReturnType<typeof messageOf> {
  return messageOf(`{"jsonrpc":"2.0","method":"notifications/progress","params":{${token}"progress":1}}`);
}

describe('isAboutCall', () => {
  it.each([
    ['7', '"progressToken":7,', true],
    ['7', '"progressToken":7.0,', true],
    ['7', '"progressToken":"7",', true],
    ['"\\u00e9"', '"progressToken":"\u00e9",', true],
    ['7', '"progressToken":8,', false],
    ['"7 "', '"progressToken":"7",', false],
    ['7', '', false],
  ])('knows for a call with token %s the progress with %s: %s', (own, told, expected) => {
    expect(isAboutCall(progress(told), requestOf('tools/call', `{"_meta":{"progressToken":${own}}}`))).toBe(
      expected,
    );
  });

  it('knows all progress on the stream of a request about a task, which has another token', () => {
    expect(isAboutCall(progress('"progressToken":7,'), requestOf('tasks/result', '{"taskId":"t"}'))).toBe(
      true,
    );
  });

  // guard: call/token
  it('knows no progress for a call without a token', () => {
    expect(isAboutCall(progress('"progressToken":7,'), requestOf('tools/call', '{}'))).toBe(false);
    expect(isAboutCall(progress(''), requestOf('tools/call'))).toBe(false);
  });

  // guard: call/outside
  it.each([
    ['notifications/message', true],
    ['notifications/vendor', true],
    ['notifications/cancelled', false],
    ['notifications/subscriptions/acknowledged', false],
    ['notifications/tools/list_changed', false],
    ['notifications/prompts/list_changed', false],
    ['notifications/resources/list_changed', false],
    ['notifications/resources/updated', false],
  ])('says of %s: %s', (method, expected) => {
    expect(
      isAboutCall(
        messageOf(`{"jsonrpc":"2.0","method":"${method}","params":{"requestId":1}}`),
        requestOf('tools/call'),
      ),
    ).toBe(expected);
  });
});
