/** Name and version under which Omni presents itself to clients and servers. */
export interface Identity {
  readonly name: string;
  readonly version: string;
}
