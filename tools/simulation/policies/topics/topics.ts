import { coalescing } from './coalescing.ts';
import { errorBudgets } from './error-budgets.ts';
import { fairness } from './fairness.ts';
import { keys } from './keys.ts';
import { quotas } from './quotas.ts';
import { replicas } from './replicas.ts';
import { tasks } from './tasks.ts';
import type { Topic } from './topic.ts';

/** Seeds take them in turns: one more is one entry here. */
export const TOPICS: readonly Topic[] = [replicas, quotas, keys, coalescing, errorBudgets, fairness, tasks];
