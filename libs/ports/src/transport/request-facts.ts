import type { HostNamed } from '../mount/host-answers.ts';
import type { HeaderList } from './header-list.ts';

/** Where a connection came in, as it is bound. */
export type ListenerFacts =
  | { readonly kind: 'http' | 'https' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix' | 'pipe'; readonly path: string };

/** A certificate that a client has shown, and that an authority which the listener trusts has signed. */
export interface PeerCertificate {
  /** Distinguished name, one part a line, e.g. `O=Example\nCN=agent-7`. */
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the certificate: pairs of upper-case hexadecimal digits, separated by colons. */
  readonly fingerprint: string;
  /**
   * Subject alternative names with their kinds, e.g. `DNS:agent-7.example`, `URI:spiffe://example/agent-7`.
   */
  readonly alternativeNames: readonly string[];
}

/** What a listener knows of the other end of a connection: plain data. */
export interface PeerFacts {
  readonly listener: ListenerFacts;
  /** Names the connection among all of this process. */
  readonly connection: string;
  /**
   * Address of the other end of the connection, which may be a proxy; no header changes it. IPv4 addresses
   * stand in their own form, also on listeners of IPv6. Absent on Unix sockets, of whose clients Node tells
   * nothing, and once the client is gone.
   */
  readonly peerAddress: string | undefined;
  /**
   * Read anew each time it is asked for. Absent where the client has shown none, or none that can be trusted.
   */
  readonly peerCertificate: PeerCertificate | undefined;
}

/** What is known of a request before anything of its body is read: plain data, and headers by name. */
export interface RequestFacts extends PeerFacts {
  /** HTTP method as sent, e.g. `POST`. */
  readonly method: string;
  /** Path as sent: not decoded, not normalised, without the query. */
  readonly path: string;
  /** Headers as received, in order, duplicates kept. */
  readonly headers: HeaderList;
  /**
   * Who sends it, where the server that Omni is mounted in has found out itself: nobody else is asked then.
   * Never taken from the request. A promise where that takes time, of nothing where the server does not know
   * in the end. Absent on Omni's own listeners.
   */
  readonly principal?: HostNamed | undefined;
  /**
   * @param name - Lower case.
   * @returns The value without surrounding white space; several values joined with `, `; `undefined` when
   * absent.
   */
  header(name: string): string | undefined;
}
