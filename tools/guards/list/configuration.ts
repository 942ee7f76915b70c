import type { Guard } from '../guard.ts';

/** What a configuration may open, and what its errors may show. */
export const CONFIGURATION_GUARDS: readonly Guard[] = [
  {
    name: 'config/open-outside',
    against: 'Without a token everybody on the network is let in.',
  },
  {
    name: 'config/short-token',
    against: 'A token that can be guessed opens Omni.',
  },
  {
    name: 'configuration/listener',
    against: 'A listener of a program that throws stops the gateway in the middle of a change.',
    without: 'listener(configuration);',
  },
  {
    name: 'settings/token',
    against: 'A token that can be guessed opens a gateway that a program has configured.',
  },
  {
    name: 'settings/same-token',
    against: 'Two users of a gateway that a program has configured are taken for one.',
  },
  {
    name: 'settings/principal',
    against: 'A user of a gateway that a program has configured is taken for the owner.',
  },
  {
    name: 'config/override-variables',
    against: 'Whoever may change a setting while Omni runs reads variables and files of whoever runs it.',
    without: 'false',
  },
  {
    name: 'config/shown-texts',
    against: 'A setting that nobody has decided to show is shown, and may be a secret.',
    without: 'if (!holdsCredential(value)) return value;',
  },
  {
    name: 'config/tcp-outside',
    against: 'A listener that cannot ask for a token serves the network.',
  },
  {
    name: 'config/tcp-beside-token',
    against: 'A listener that cannot ask for a token lets in whom the token keeps out.',
  },
  {
    name: 'config/expanded-again',
    against: 'The value of a variable is taken for a reference.',
    without: "(outcome.text.includes('${') ? expandVariables(outcome.text, scope).text : outcome.text)",
  },
  {
    name: 'config/prototype',
    against: 'A variable called constructor has a value.',
    without: 'true',
  },
  {
    name: 'config/secret-values',
    against: 'The value of a variable is not known as a secret, and is shown.',
  },
  {
    name: 'config/quoted-reference',
    against: 'A chunk of a credential is quoted.',
    without: '`${shown(reference)} is no reference`',
  },
  {
    name: 'config/url-credential',
    against: 'A password in an address goes into logs and error messages.',
  },
  {
    name: 'config/private-settings',
    against: 'An error quotes what stands in headers, env or token.',
  },
  {
    name: 'config/expanded-in-error',
    against: 'An error quotes what a variable holds.',
  },
  {
    name: 'config/problem-count',
    against: 'A file that is wrong throughout makes an error of any length.',
  },
  {
    name: 'config/quoted-controls',
    against: 'A key of a configuration acts on the terminal of who reads the error.',
    without: 'message',
  },
  {
    name: 'config/quoted-tokens',
    against: 'A token that was pasted into a configuration is printed.',
    without: 'message',
  },
  {
    name: 'config/pasted-credential',
    against: 'A token that was pasted in the place of a name of a variable is printed.',
    without: 'false',
  },
  {
    name: 'config/nul-in-path',
    against: 'A path with a NUL leads elsewhere than it seems.',
  },
  {
    name: 'configuration/veto',
    against: 'A configuration that a part of Omni does not take comes into force.',
    rule: 'S003-CF-03',
  },
  {
    name: 'reload/held',
    against: 'A file that is being written comes into force as it is at that moment.',
    without: 'true',
    rule: 'S003-CF-04',
  },
  { name: 'reload/emptied', against: 'A file that was emptied stops all servers.' },
  { name: 'reload/most-removed', against: 'A file that was cut stops most servers.' },
  { name: 'reload/confirmed', against: 'A file that was cut stops servers, though it looks like a mistake.' },
  { name: 'reload/new-flaw', against: 'A typing error stops a server that works.' },
  { name: 'reload/escaped-secret', against: 'A secret that is written with escapes is kept in clear.' },
  {
    name: 'reload/redacted-revision',
    against: 'A rollback writes files in which stars stand for secrets.',
  },
  {
    name: 'reload/unread-source',
    against: 'Secrets of a file that cannot be parsed are kept in clear.',
  },
  { name: 'reload/unread-file', against: 'A rollback writes an empty file over a good one.' },
  {
    name: 'reload/other-configuration',
    against: 'A rollback writes to files of another configuration, and takes away those of this one.',
  },
  { name: 'reload/half-restored', against: 'Half of a rollback comes into force.' },
  { name: 'reload/rollback-undone', against: 'A rollback that is refused is in force after a restart.' },
  { name: 'reload/read-otherwise', against: 'A rollback brings into force what nobody wrote.' },
  { name: 'reload/write-while-stopping', against: 'A rollback that was refused has written files.' },
  {
    name: 'watch/other-files',
    against: 'A file that changes all the time keeps a configuration from coming into force.',
    without: 'true',
  },
  {
    name: 'reload/unapproved',
    against: 'Commands that stand in a folder of somebody else run when Omni is started there.',
  },
];
