import { GatewayError } from '@omni/ports';

/**
 * A failure of something that goes on with a call, such as a further round: however it looks, the call itself
 * was not refused.
 */
export function mayHaveRun(error: GatewayError): GatewayError {
  const { code, message, hint, data } = error;
  return new GatewayError(code, message, { hint, data: { ...data, mayHaveRun: true }, cause: error });
}

export function isOfRunning({ data }: GatewayError): boolean {
  return data?.['mayHaveRun'] === true;
}
