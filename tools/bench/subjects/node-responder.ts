import { startOwnServer } from './own-server.ts';
import type { Subject } from './subject.ts';

/** What a gateway on `node:http` can reach at most, with an upstream that costs nothing. */
export const nodeResponder: Subject = {
  name: 'node-responder',
  description: 'no gateway and no upstream: node:http answers by itself',
  kinds: ['stdio'],
  version: () => 'own',
  start: (context) => startOwnServer('node-responder', './node-responder-server.ts', context, []),
};
