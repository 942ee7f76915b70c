/**
 * How a subject is called: the revision in force, an older one with a session per connection, or a REST route
 * of its own.
 */
export type Dialect = 'modern' | 'legacy' | 'rest';

/** Where and how to reach the echo tool behind a subject. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly dialect: Dialect;
  /** The name under which the subject offers the echo tool. */
  readonly toolName: string;
  /** Extra request headers, for example a bearer token. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Whatever listens on loopback and offers the tool under its own name to anyone. */
export function plainTarget(port: number, path = '/mcp'): Target {
  return { host: '127.0.0.1', port, path, dialect: 'modern', toolName: 'echo', headers: {} };
}

/** A program that speaks MCP on its standard streams and runs already, see `LoadProcess.spawn`. */
export interface StdioTarget {
  /** The name under which it was spawned. */
  readonly pipe: string;
  /** The name under which it offers the echo tool. */
  readonly toolName: string;
  /** Name of a tool that runs others; absent for a program that offers the echo tool itself. */
  readonly metaTool?: string;
}

/** Revision of the modern era (stateless requests). */
export const MODERN_VERSION = '2026-07-28';
/** Newest revision of the legacy era (sessions). */
export const LEGACY_VERSION = '2025-11-25';
/** The name that a configuration gives to the benchmark's upstream. */
export const UPSTREAM_NAME = 'bench';
