/** The request that stays open as long as its subscription does. */
export const LISTEN = 'subscriptions/listen';

/**
 * Blocks until its task is over, so that silence says nothing (MCP 2025-11-25, basic/utilities/tasks, "Result
 * Retrieval").
 */
export const TASK_RESULT = 'tasks/result';
