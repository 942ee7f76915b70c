import { exitCodeFor } from '@omni/master-server';
import { GatewayError, jsonText } from '@omni/ports';

/** A failure as one line of JSON, for programs that asked for JSON. */
export function failureJson(error: unknown): string {
  const failure = GatewayError.from(error);
  const { code, message, hint } = failure;
  return `${jsonText({ error: { code, message, hint, exitCode: exitCodeFor(failure) } })}\n`;
}
