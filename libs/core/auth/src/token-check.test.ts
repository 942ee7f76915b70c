import type { GatewayError, Principal, Refusal, RequestFacts } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { TokenCheck } from './token-check.ts';

const TOKEN = 'kM3vXq7-Zr_9tLw2';
const check = new TokenCheck({
  mode: 'token',
  tokens: [
    { id: 'owner', token: TOKEN },
    { id: 'agent', token: 'another-token' },
  ],
});

describe('TokenCheck', () => {
  it.each([
    ['the scheme as RFC 6750 writes it', `Bearer ${TOKEN}`, 'owner'],
    ['the scheme in lower case', `bearer ${TOKEN}`, 'owner'],
    ['the scheme in upper case', `BEARER ${TOKEN}`, 'owner'],
    ['more than one space before the token', `Bearer   ${TOKEN}`, 'owner'],
    ['the second token', 'Bearer another-token', 'agent'],
  ])('takes %s', (_what, authorization, id) => {
    expect(check.authenticate(asking(authorization))).toEqual({ id, kind: 'token' });
  });

  // guard: token/needed, token/missing
  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['the scheme alone', 'Bearer'],
    ['the scheme with a space', 'Bearer '],
    ['the token without scheme', TOKEN],
    ['another scheme', `Basic ${TOKEN}`],
    ['a scheme that begins alike', `Bearers ${TOKEN}`],
    ['the scheme glued to the token', `Bearer${TOKEN}`],
    ['a wrong token', 'Bearer wrong'],
    ['the token in other case', `Bearer ${TOKEN.toUpperCase()}`],
    ['the token less its last character', `Bearer ${TOKEN.slice(0, -1)}`],
    ['the token and one character more', `Bearer ${TOKEN}x`],
    ['the token twice', `Bearer ${TOKEN} ${TOKEN}`],
    ['two headers joined', `Bearer ${TOKEN}, Bearer ${TOKEN}`],
    ['a tab in place of the space', `Bearer\t${TOKEN}`],
    ['a space behind the token', `Bearer ${TOKEN} `],
    ['a control character behind the token', `Bearer ${TOKEN}\u0000`],
    ['a character beyond ASCII', `Bearer ${TOKEN}é`],
    ['the id of a token', 'Bearer owner'],
    ['undefined as text', 'Bearer undefined'],
  ])('refuses %s', (_what, authorization) => {
    expect(codeOf(check.authenticate(asking(authorization)))).toBe('OMNI_AUTH_REQUIRED');
  });

  // guard: token/length
  it('looks at tokens of up to 4 KiB', () => {
    const longest = 'a'.repeat(4096);
    const long = new TokenCheck({
      mode: 'token',
      tokens: [
        { id: 'longest', token: longest },
        { id: 'longer', token: `${longest}a` },
      ],
    });
    expect(long.authenticate(asking(`Bearer ${longest}`))).toEqual({ id: 'longest', kind: 'token' });
    expect(codeOf(long.authenticate(asking(`Bearer ${longest}a`)))).toBe('OMNI_AUTH_REQUIRED');
  });

  it('says the same whether the header is missing, malformed or wrong', () => {
    const answers = [undefined, 'Basic x', 'Bearer wrong', `Bearer ${TOKEN}x`].map((sent) =>
      errorOf(check.authenticate(asking(sent))),
    );
    expect(
      new Set(
        answers.map(
          (error) => `${error.message}|${error.hint}|${JSON.stringify(error.data)}|${error.facts.httpStatus}`,
        ),
      ).size,
    ).toBe(1);
  });

  it('never repeats what was sent', () => {
    const { error, challenge } = refusalOf(check.authenticate(asking('Bearer canary-7f3a')));
    expect(`${error.message} ${error.hint} ${JSON.stringify(error)} ${challenge}`).not.toContain('canary');
  });

  it('lets nobody in when no token is configured', () => {
    const empty = new TokenCheck({ mode: 'token', tokens: [] });
    for (const sent of [undefined, '', 'Bearer', 'Bearer ', 'Bearer x'])
      expect(codeOf(empty.authenticate(asking(sent)))).toBe('OMNI_AUTH_REQUIRED');
  });

  it('never lets an empty configured token match', () => {
    const blank = new TokenCheck({ mode: 'token', tokens: [{ id: 'blank', token: '' }] });
    for (const sent of ['', 'Bearer', 'Bearer ', 'Bearer  '])
      expect(codeOf(blank.authenticate(asking(sent)))).toBe('OMNI_AUTH_REQUIRED');
  });

  it('never lets a configured token with a space match: a header cannot carry it', () => {
    const spaced = new TokenCheck({ mode: 'token', tokens: [{ id: 'spaced', token: 'two words' }] });
    expect(codeOf(spaced.authenticate(asking('Bearer two words')))).toBe('OMNI_AUTH_REQUIRED');
  });

  it('takes everybody for anonymous in open mode, whatever they send', () => {
    const open = new TokenCheck({ mode: 'open', tokens: [{ id: 'owner', token: TOKEN }] });
    for (const sent of [undefined, `Bearer ${TOKEN}`, 'Bearer wrong'])
      expect(open.authenticate(asking(sent))).toEqual({ id: 'anonymous', kind: 'anonymous' });
  });

  it('gives the first of two ids with the same token', () => {
    const twice = new TokenCheck({
      mode: 'token',
      tokens: [
        { id: 'first', token: TOKEN },
        { id: 'second', token: TOKEN },
      ],
    });
    expect(twice.authenticate(asking(`Bearer ${TOKEN}`))).toEqual({ id: 'first', kind: 'token' });
  });

  it('names invalid_token in the challenge only when a bearer token was sent', () => {
    const challengeOf = (sent: string | undefined): string | undefined =>
      refusalOf(check.authenticate(asking(sent))).challenge;
    expect(challengeOf(undefined)).toBe('Bearer realm="omni"');
    expect(challengeOf('Basic dXNlcg==')).toBe('Bearer realm="omni"');
    expect(challengeOf('Bearer')).toBe('Bearer realm="omni"');
    expect(challengeOf('Bearer wrong')).toBe('Bearer realm="omni", error="invalid_token"');
    expect(challengeOf('Bearer one two')).toBe('Bearer realm="omni", error="invalid_token"');
  });

  it('answers with the same objects each time: a known token costs nothing but the comparison', () => {
    for (const sent of [`Bearer ${TOKEN}`, 'Bearer wrong', undefined])
      expect(check.authenticate(asking(sent))).toBe(check.authenticate(asking(sent)));
  });

  // guard: token/frozen
  it('gives a principal that callers cannot change', () => {
    expect(Object.isFrozen(check.authenticate(asking(`Bearer ${TOKEN}`)))).toBe(true);
  });
});

function asking(authorization: string | undefined): Pick<RequestFacts, 'header'> {
  return { header: (name) => (name === 'authorization' ? authorization : undefined) };
}

function refusalOf(answer: Principal | Refusal): Refusal {
  if ('error' in answer) return answer;
  throw new TypeError(`let in as ${answer.id}`);
}

function errorOf(answer: Principal | Refusal): GatewayError {
  return refusalOf(answer).error;
}

function codeOf(answer: Principal | Refusal): string {
  return 'error' in answer ? answer.error.code : `let in as ${answer.id}`;
}
