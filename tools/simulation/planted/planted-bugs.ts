/** Guards whose absence a simulation notices within ten simulated hours. */
export const PLANTED_BUGS: readonly string[] = [];
