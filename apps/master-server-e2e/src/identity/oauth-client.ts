import { createHash } from 'node:crypto';

interface Tokens {
  readonly access_token: string;
}

/** Where an identity provider answers (OpenID Connect Discovery). */
export interface ProviderMetadata {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}

export async function metadataOf(issuer: string): Promise<ProviderMetadata> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  return (await response.json()) as ProviderMetadata;
}

/** Logs a program in with credentials of its own. */
export async function loginOfClient(issuer: string, resource: string, scope = 'use-tools'): Promise<string> {
  const { token_endpoint: url } = await metadataOf(issuer);
  return await tokenOf(url, { grant_type: 'client_credentials', resource, scope }, 'agent:secret-of-agent');
}

/** Logs a user in as a browser does: authorization code with PKCE, through the pages of the provider. */
export async function loginOfUser(issuer: string, user: string, resource: string): Promise<string> {
  const { authorization_endpoint: start, token_endpoint: url } = await metadataOf(issuer);
  const redirect_uri = 'http://127.0.0.1/done';
  const verifier = 'a-verifier-of-forty-three-characters-or-more-1';
  const query = new URLSearchParams({
    ...{ client_id: 'editor', response_type: 'code', redirect_uri, resource, scope: 'openid use-tools' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const cookies = new Map<string, string>();
  let at = `${start}?${query.toString()}`;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 12; step++) {
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const next = response.headers.get('location');
    form = undefined;
    if (next !== null) {
      at = new URL(next, at).href;
      const code = at.startsWith(redirect_uri) ? new URL(at).searchParams.get('code') : null;
      if (code !== null)
        return await tokenOf(url, {
          ...{ grant_type: 'authorization_code', client_id: 'editor', code, redirect_uri },
          ...{ code_verifier: verifier, resource },
        });
      continue;
    }
    const page = await response.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    const action = /action="([^"]+)"/.exec(page)?.[1];
    if (prompt === undefined || action === undefined) throw new Error(`no form at ${at}:\n${page}`);
    at = new URL(action, at).href;
    form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login: user, password: 'any' }) });
  }
  throw new Error('the login leads nowhere');
}

async function tokenOf(url: string, form: Record<string, string>, login?: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: login === undefined ? {} : { authorization: `Basic ${btoa(login)}` },
    body: new URLSearchParams(form),
  });
  const text = await response.text();
  const { access_token: token } = JSON.parse(text) as Partial<Tokens>;
  if (token === undefined) throw new Error(`no token: ${text}`);
  return token;
}
