/** Of plans that are about one policy, which the others would hide. */
export type TopicName =
  'replicas' | 'quotas' | 'keys' | 'coalescing' | 'error budgets' | 'fairness' | 'tasks';
