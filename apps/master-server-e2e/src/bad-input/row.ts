import type { GatewayErrorCode } from '@omni/ports';
import type { Observation } from './raw-http.ts';
import type { LegacyClient } from './legacy-client.ts';

/** What must be observed for one input. */
export type Expectation =
  /** An error of the documented table; status and JSON-RPC code follow from the row there. */
  | {
      readonly kind: 'refused';
      readonly codes: readonly GatewayErrorCode[];
      readonly id?: string;
      readonly isCut?: boolean;
      readonly data?: readonly string[];
    }
  /** The server behind Omni refused it in words of its own. */
  | { readonly kind: 'refused-behind'; readonly rpcCodes: readonly number[] }
  /** A result that holds these bytes unchanged. */
  | { readonly kind: 'exact'; readonly text: string }
  /** Served or accepted with this status, without an error. */
  | { readonly kind: 'served'; readonly status: number }
  /** The connection ends without an answer. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'any'; readonly of: readonly Expectation[] };

/** One input: bytes, and what must come of them. */
export interface ByteCase {
  readonly name: string;
  readonly bytes: Buffer | (() => Buffer);
  readonly expect: Expectation;
  readonly isHead?: boolean;
}

/** One input that takes more than a request and an answer. */
export interface ScenarioCase {
  readonly name: string;
  /** @returns What is wrong, if anything. */
  readonly run: (context: RowContext) => Promise<readonly string[]>;
}

export interface Row {
  /** As in the list of bad inputs. */
  readonly id: string;
  readonly title: string;
  readonly cases: readonly (ByteCase | ScenarioCase)[];
  /** Every single case must be answered within this time. Default 5,000. */
  readonly withinMs?: number;
  /** Why the expectation is what it is, where that is not obvious. */
  readonly note?: string;
  /** Takes most of a minute by waiting: runs beside the others. */
  readonly isSlow?: boolean;
}

/** What the cases of a row work with. */
export interface RowContext {
  readonly port: number;
  send(
    bytes: Buffer,
    options?: { readonly answers?: number; readonly untilClosed?: boolean; readonly withinMs?: number },
  ): Promise<Observation>;
  /** Opens a legacy session; it is ended with the row. */
  open(options?: { readonly version?: string; readonly path?: string }): Promise<LegacyClient>;
  /** How often a letter stands in the tally of the echo server, both instances together. */
  tally(letter: 'e' | 'c' | 'f'): number;
  /** Requests that run, sessions and listens, as Omni counts them. */
  load(): Promise<{ readonly sessions: number; readonly inFlight: number; readonly listens: number }>;
  /** Resident memory of Omni, in bytes. */
  memory(): number;
}

/** Shorthands for tables. */
export function refused(...codes: readonly GatewayErrorCode[]): Expectation {
  return { kind: 'refused', codes };
}

export function refusedAndCut(...codes: readonly GatewayErrorCode[]): Expectation {
  return { kind: 'refused', codes, isCut: true };
}

export function exact(text: string): Expectation {
  return { kind: 'exact', text };
}

export function served(status = 200): Expectation {
  return { kind: 'served', status };
}

export function anyOf(...of: readonly Expectation[]): Expectation {
  return { kind: 'any', of };
}
