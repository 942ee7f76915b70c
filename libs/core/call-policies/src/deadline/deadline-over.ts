/** Why calls are cancelled whose request has come to its deadline; their servers are told. */
export const DEADLINE_OVER = 'its deadline is over';
