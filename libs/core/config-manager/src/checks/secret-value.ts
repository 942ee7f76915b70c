const SECRET_NAME =
  /key|token|secret|pass|pwd|auth|cred|cookie|session|private|sign|bearer|dsn|jwt|pat$|webhook|connection/i;
/** Folders and files, words, numbers, versions, host and port, addresses without a query. */
const HARMLESS: readonly RegExp[] = [
  /^(?:~|\.{1,2}|[A-Za-z]:)?[\\/][^\s?=&@]*$/,
  /^[A-Za-z]{1,20}$/,
  /^[a-z]{2}_[A-Z]{2}(?:\.[\w-]+)?$/,
  /^[\d.,:/-]{1,20}$/,
  /^(?:localhost|[\d.]+|[a-z\d-]+(?:\.[a-z\d-]+)+):\d{1,5}$/,
  /^[a-z][a-z\d+.-]*:\/\/[^\s?#@]{1,200}$/,
  /^(?:application|text|image)\/[a-z.+-]+$/,
];
/** Long runs that mix letters and digits are mostly keys, wherever they stand. */
const RUN = /(?=[A-Za-z\d]*\d)(?=[A-Za-z\d]*[A-Za-z])[A-Za-z\d]{16,}/;

/** Whether what is called like this is mostly a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * Whether a value may be a credential, so that it must never be printed. A path or a word under a name that speaks of no credential is
 * none: hiding it would make messages of servers unreadable.
 */
export function isSecretValue(name: string, value: string): boolean {
  if (value === '') return false;
  return isSecretName(name) || RUN.test(value) || !HARMLESS.some((pattern) => pattern.test(value));
}
