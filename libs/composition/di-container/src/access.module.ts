import { isLoopbackHost, OriginGuard, TokenCheck, type AcceptedToken } from '@omni/auth';
import { ContainerModule } from 'inversify';
import type { GatewayConfiguration } from './gateway-options.ts';
import { bindPart } from './part.ts';
import { Token } from './token.ts';

/** Who may call. */
export const accessModule: ContainerModule = new ContainerModule(({ bind }) => {
  bindPart(
    bind,
    Token.Authentication,
    { configuration: Token.Configuration },
    ({ configuration: { auth } }) => new TokenCheck({ mode: auth.mode, tokens: acceptedTokens(auth) }),
  );
  bindPart(
    bind,
    Token.OriginGuard,
    { configuration: Token.Configuration },
    ({ configuration: { server } }) =>
      new OriginGuard({ ...server, isLoopback: isLoopbackHost(server.host) }),
  );
});

function acceptedTokens({ token, tokens }: GatewayConfiguration['auth']): readonly AcceptedToken[] {
  const others = tokens.map((other) => ({ id: other.name, token: other.token }));
  return token === undefined ? others : [{ id: 'owner', token }, ...others];
}
