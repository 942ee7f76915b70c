import { GatewayError, withoutSecrets } from '@omni/ports';

/** Exit code of a program that this failure ends; 1 when the error table has none. */
export function exitCodeFor(error: unknown): number {
  return GatewayError.from(error).facts.exitCode ?? 1;
}

/**
 * What a person reads when a command fails: what happened, and what to do.
 *
 * @param options.debug - Adds the stack and the causes; without it they show only for failures that nobody
 * foresaw, where they are all there is to report.
 * @returns Lines that end in a line break, for a sink that encodes them.
 */
export function failureText(error: unknown, { debug }: { readonly debug: boolean }): string {
  const failure = GatewayError.from(error);
  const [first = '', ...more] = failure.message.split('\n');
  const lines = [`error[${failure.code}]: ${first}`, ...more.map((line) => `  ${line}`)];
  const [hint = '', ...moreHints] = failure.hint.split('\n');
  if (hint !== '') lines.push(`  try     ${hint}`, ...moreHints.map((line) => `          ${line}`));
  if (debug || failure.code === 'OMNI_INTERNAL')
    lines.push(...causesOf(failure).map((cause) => withoutSecrets(cause)));
  return `${lines.join('\n')}\n`;
}

const MAX_CAUSES = 10;

function causesOf(error: unknown): readonly string[] {
  const stacks: string[] = [];
  let cause = error;
  while (cause instanceof Error && stacks.length < MAX_CAUSES) {
    stacks.push(cause.stack ?? cause.message);
    cause = cause.cause;
  }
  return stacks;
}
