import type { ClientContext } from '@omni/model';
import type { SessionScope } from '@omni/protocol';
import { Token } from '../token.ts';
import type { Scope } from './scope.ts';

/** @param scope - Of kind `connection`; it has the session's client as {@link Token.Client}. */
export type OnSession = (scope: Scope) => void;

/**
 * Opens a scope for a session: it sees what the process has, and ends what was made in it when the session
 * ends.
 */
export function openSessionScope(root: Scope, onSession: OnSession): (client: ClientContext) => SessionScope {
  return (client) => {
    const scope = root.createScope('connection');
    scope.register(Token.Client, { useValue: client });
    try {
      onSession(scope);
    } catch (error) {
      void scope.close().catch(() => {});
      throw error;
    }
    return {
      close: () =>
        void scope.close().catch((error: unknown) => {
          root.get(Token.Logger).error({ err: error }, 'a part of a session could not be ended');
        }),
    };
  };
}
