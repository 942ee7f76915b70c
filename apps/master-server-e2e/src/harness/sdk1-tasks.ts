import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { setTimeout as delay } from 'node:timers/promises';

/** What a server on the SDK 1.x declares that keeps tasks. */
export const TASK_CAPABILITIES = { list: {}, cancel: {}, requests: { tools: { call: {} } } } as const;

const POLL_MS = 20;

/** Two tools whose calls become tasks: "long" is done after a while, "never" has to be cancelled. */
export function registerTaskTools(server: McpServer): void {
  for (const name of ['long', 'never']) {
    server.experimental.tasks.registerToolTask(
      name,
      { execution: { taskSupport: 'required' } },
      {
        createTask: async ({ taskStore }) => {
          const task = await taskStore.createTask({ ttl: 60_000, pollInterval: POLL_MS });
          if (name === 'long') {
            const finish = async (): Promise<void> => {
              await delay(2 * POLL_MS);
              await taskStore.storeTaskResult(task.taskId, 'completed', {
                content: [{ type: 'text', text: 'Done at last.' }],
              });
            };
            void finish();
          }
          return { task };
        },
        getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
        // The store keeps what the tool has put there.
        getTaskResult: async ({ taskId, taskStore }) =>
          (await taskStore.getTaskResult(taskId)) as { content: [] },
      },
    );
  }
}
