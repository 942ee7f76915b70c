import type { Subject } from './subject.ts';

/**
 * The upstream itself: what no gateway can beat. Its process is the upstream, so it has the load core, not
 * the subject core.
 */
export const direct: Subject = {
  name: 'direct',
  description: 'no gateway: the load generator calls the upstream',
  kinds: ['http'],
  version: () => 'own',
  start: ({ upstream }) =>
    Promise.resolve({
      target: {
        host: upstream.host,
        port: upstream.port,
        path: upstream.path,
        dialect: 'modern',
        toolName: 'echo',
        headers: {},
      },
      process: { pid: upstream.pid, isGone: false, logTail: () => '', stop: () => Promise.resolve() },
    }),
};
