import type { Guard } from '../guard.ts';

/** Secrets: who gets them, how they are kept, and what is shown of them. */
export const SECRET_GUARDS: readonly Guard[] = [
  {
    name: 'secrets/zeroed',
    against: 'A secret stays in memory when nobody needs it any more.',
    rule: 'S002-SB-03',
  },
  {
    name: 'secrets/zeroed-on-eviction',
    against: 'A secret that has expired stays in memory.',
    rule: 'S002-SB-04',
  },
  {
    name: 'secrets/single-flight',
    against: 'Each of many that ask at a time makes a provider answer.',
    rule: 'S002-SE-02',
  },
  {
    name: 'secrets/max-stale',
    against: 'A value that nobody can read again is used for good.',
  },
  {
    name: 'secrets/in-use-in-an-outage',
    against: 'An outage puts an older value in the place of one that is in use.',
    without: 'true',
  },
  {
    name: 'secrets/fallback-of-refused',
    against: 'What a provider refuses is taken from another one.',
    rule: 'S002-SE-03',
  },
  {
    name: 'secrets/rule-servers',
    against: 'A server gets a secret that is not for it.',
  },
  {
    name: 'secrets/rule-hosts',
    against: 'A secret is sent to a host that it is not for.',
  },
  {
    name: 'secrets/rule-names',
    against: 'Another spelling of a name leads around the rule for a secret.',
    without: 'name',
  },
  {
    name: 'secrets/rule-schemes',
    against: 'The chain leads around the rule for a secret of one provider.',
    without: '[reference.scheme]',
  },
  {
    name: 'secrets/keychain-own',
    against: 'Who may define a server is sent the key that seals all secrets.',
  },
  {
    name: 'secrets/keychain-second-name',
    against: 'A second name of a secret in the keychain leads around its rule.',
    without: 'true',
  },
  {
    name: 'secrets/rewrap-opens',
    against: 'A change of keys carries over what was tampered with.',
  },
  {
    name: 'secrets/sealed-place',
    against: 'A credential that is moved to another user opens for that one.',
    without: 'new Uint8Array()',
    places: 2,
  },
  {
    name: 'secrets/missing-key',
    against: 'A store whose key is missing is taken for an empty one.',
  },
  {
    name: 'secrets/online-change',
    against: 'A change of keys undoes what is written meanwhile.',
    without: 'undefined',
  },
  {
    name: 'secrets/key-text',
    against: 'Half a key is taken for none, and another one is made.',
  },
  {
    name: 'secrets/second-key',
    against: 'Secrets are sealed with a second key, and the first ones are lost in silence.',
  },
  {
    name: 'secrets/short-values',
    against: 'Harmless text is masked, because a short secret stands in it.',
    without: '0',
  },
  {
    name: 'secrets/reread-pause',
    against: 'A server that refuses everything makes a provider answer for each request.',
  },
  {
    name: 'secrets/outside-folder',
    against: 'A reference reads files outside of the folder of secrets.',
  },
  {
    name: 'secrets/file-kind',
    against: 'A pipe in the place of a secret is waited for.',
  },
  {
    name: 'secrets/file-owner',
    against: 'Another user of the machine puts a secret of theirs in the place of one.',
  },
  {
    name: 'secrets/private-mode',
    against: 'Sealed secrets and their key are read by every user of the machine.',
    rule: 'S002-SB-01',
  },
  {
    name: 'secrets/program-output',
    against: 'A program that prints without end fills the memory.',
  },
  {
    name: 'secrets/program-words',
    against: 'What a program complains about shows the secret.',
    rule: 'S002-SE-05',
    without: '(text: string) => text',
  },
  {
    name: 'secrets/vault-tls',
    against: 'Secrets of Vault are readable on their way.',
    rule: 'S002-SB-02',
  },
  {
    name: 'secrets/vault-refused',
    against: 'What Vault refuses is taken for a Vault that is out of reach, and somebody stands in.',
  },
  {
    name: 'secrets/vault-path',
    against: 'A name leads to other parts of the API of Vault.',
  },
  {
    name: 'secrets/start-without-key',
    against: 'Omni starts without the key of its secrets.',
  },
  {
    name: 'secrets/api-definitions',
    against: 'Who uses the API reads variables, files and programs of whoever runs Omni.',
    without: 'true',
  },
  {
    name: 'config/foreign-variables',
    against: 'What somebody else has written reads the environment of Omni.',
  },
  {
    name: 'config/foreign-secrets',
    against: 'What somebody else has written reads files and runs programs.',
  },
  {
    name: 'config/declared-secrets',
    against: 'A secret that looks like a word is printed.',
  },
  {
    name: 'config/inserted-server',
    against: 'A secret that stands where a server is named is printed.',
    without: 'true',
  },
  {
    name: 'config/secret-arguments',
    against: 'Secrets in arguments are shown to every user of the machine, and nobody is told.',
  },
  {
    name: 'secrets/empty-file',
    against: 'A file that is just being written takes the credentials of running servers away.',
  },
  {
    name: 'secrets/shown-command',
    against: 'Clients are told the arguments of programs that print secrets.',
  },
  {
    name: 'secrets/short-warning',
    against: 'A secret that is not masked is printed, and nobody is told why.',
  },
  {
    name: 'secrets/migrate-taken',
    against: 'A secret is lost: another one that had its name is written over it.',
    without: 'false',
  },
  {
    name: 'secrets/vault-live-token',
    against: 'Each refusal of a path uses up a login.',
    without: 'false',
  },
  {
    name: 'secrets/latest-definitions',
    against: 'A server that was defined anew is sent the secrets of its former definition.',
    without: 'true',
  },
  {
    name: 'secrets/unsendable',
    against: 'A server is asked without a credential that cannot be put into a header.',
    without: 'undefined',
  },
  {
    name: 'credentials/kept-by-retired',
    against: 'A server that was replaced is shown the secret of its successor.',
  },
  {
    name: 'credentials/lack',
    against: 'A server is asked without the credentials that it is to get.',
  },
  {
    name: 'credentials/told-secrets',
    against: 'What a provider calls a secret is printed, because it looks like words.',
  },
];
