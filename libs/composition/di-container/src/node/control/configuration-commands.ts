import { GatewayError } from '@omni/ports';
import type { FollowedConfiguration } from '../reload/followed-configuration.ts';
import type { ControlMethods } from './control-socket.ts';

const DEFAULT_LIMIT = 20;
const AUTHOR = /^[\w.@ -]{1,64}$/;

/** What the owner may do with the configuration of a running Omni. */
export function configurationCommands(followed: FollowedConfiguration | undefined): ControlMethods {
  const configuration = (): FollowedConfiguration => {
    if (followed !== undefined) return followed;
    throw new GatewayError('OMNI_USAGE', 'This Omni was started without a configuration file');
  };
  return {
    'config/apply': async ({ author }) => await configuration().apply(authorOf(author)),
    'config/history': async ({ limit }) =>
      await configuration().history(isCount(limit) ? limit : DEFAULT_LIMIT),
    'config/rollback': async ({ revision, author }) => {
      if (!isCount(revision)) throw new GatewayError('OMNI_USAGE', 'A revision is a number from 1');
      return await configuration().rollback(revision, authorOf(author));
    },
  };
}

/** Who says so: anybody who may open the socket is the owner. */
function authorOf(author: unknown): string {
  return typeof author === 'string' && AUTHOR.test(author) ? author : 'owner';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
