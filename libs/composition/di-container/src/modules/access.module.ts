import {
  type AcceptedToken,
  IdentityCheck,
  isLoopbackHost,
  OriginGuard,
  TokenCheck,
  type TokenCheckOptions,
} from '@omni/auth';
import { OWNER_ID } from '@omni/ports';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { Scope } from '../scope/scope.ts';
import { Token } from '../token.ts';

/** Who may call. */
export function registerAccess(scope: Scope): void {
  scope.register(Token.Authentication, {
    needs: { configuration: Token.Configuration, identity: Token.IdentityCheck },
    useFactory: ({ configuration: { auth }, identity }) => identity ?? new TokenCheck(tokenOptions(auth)),
  });
  scope.register(Token.IdentityCheck, {
    needs: {
      configuration: Token.Configuration,
      http: Token.HttpClient,
      audit: Token.Audit,
      isAudited: Token.AuditsAuthentication,
      sha256: Token.Sha256,
      clock: Token.Clock,
    },
    useFactory: ({ configuration: { auth }, isAudited, ...parts }) => {
      const tokens = new TokenCheck(tokenOptions(auth));
      const isTold = isAudited && tokens.isSelective;
      if (tokens.isOpen || (auth.identity === undefined && !isTold)) return undefined;
      const { identity: settings = { issuers: [] } } = auth;
      return new IdentityCheck({ ...parts, settings, tokens });
    },
    dispose: (identity) => identity?.close(),
  });
  scope.register(Token.OriginGuard, {
    needs: { configuration: Token.Configuration },
    useFactory: ({ configuration: { server } }) =>
      new OriginGuard({ ...server, isLoopback: isLoopbackHost(server.host) }),
  });
}

function tokenOptions(auth: GatewayConfiguration['auth']): TokenCheckOptions {
  return { mode: auth.mode, tokens: acceptedTokens(auth) };
}

function acceptedTokens({ token, tokens }: GatewayConfiguration['auth']): readonly AcceptedToken[] {
  const others = tokens.map((other) => ({ id: other.name, token: other.token }));
  return token === undefined ? others : [{ id: OWNER_ID, token }, ...others];
}
