import { expect, it } from '@jest/globals';
import { withTasks } from './declared-tasks.ts';

const TASKS = '"io.modelcontextprotocol/tasks":{}';

it.each([
  ['{"tools":{}}', `{"extensions":{${TASKS}},"tools":{}}`],
  ['{"extensions":{"x/y":{"a":1.0}}}', `{"extensions":{${TASKS},"x/y":{"a":1.0}}}`],
  [`{"extensions":{${TASKS}}}`, `{"extensions":{${TASKS}}}`],
])('declares tasks in %s, and keeps the rest byte for byte', (capabilities, expected) => {
  expect(withTasks(capabilities)).toBe(expected);
});
