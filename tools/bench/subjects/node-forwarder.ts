import { startOwnServer } from './own-server.ts';
import type { Subject } from './subject.ts';
import { undiciVersion } from './undici.ts';

/** The floor of any gateway written in Node: bytes in, bytes out, nothing looked at. */
export const nodeForwarder: Subject = {
  name: 'node-forwarder',
  description: 'node:http and undici dispatch, bytes passed through unread',
  kinds: ['http'],
  version: () => `own, undici ${undiciVersion()}`,
  start: (context) => startOwnServer('node-forwarder', './node-forwarder-server.ts', context),
};
