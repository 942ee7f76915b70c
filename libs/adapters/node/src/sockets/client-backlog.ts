/**
 * How much may wait for one client on a connection that carries everything, unless its listener is told
 * otherwise.
 *
 * Several of the longest answers may come at the same moment, also for a client that reads as fast as it can.
 * One that reads nothing is found by the time it takes.
 */
export const CLIENT_BACKLOG_BYTES: number = 64 * 1_048_576;
