import { isLoopbackHost, OriginGuard, TokenCheck, type AcceptedToken } from '@omni/auth';
import { OWNER_ID } from '@omni/ports';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';

/** Who may call. */
export function registerAccess(scope: Scope): void {
  scope.register(Token.Authentication, {
    needs: { configuration: Token.Configuration },
    useFactory: ({ configuration: { auth } }) =>
      new TokenCheck({ mode: auth.mode, tokens: acceptedTokens(auth) }),
  });
  scope.register(Token.OriginGuard, {
    needs: { configuration: Token.Configuration },
    useFactory: ({ configuration: { server } }) =>
      new OriginGuard({ ...server, isLoopback: isLoopbackHost(server.host) }),
  });
}

function acceptedTokens({ token, tokens }: GatewayConfiguration['auth']): readonly AcceptedToken[] {
  const others = tokens.map((other) => ({ id: other.name, token: other.token }));
  return token === undefined ? others : [{ id: OWNER_ID, token }, ...others];
}
