/** How full the heap is, in bytes. */
export interface HeapFacts {
  readonly usedBytes: number;
  /** What the runtime ends the process at. */
  readonly limitBytes: number;
}

/** Looks at the heap of the process. */
export interface HeapMeter {
  /** Takes microseconds; what nobody uses any more counts until it is collected. */
  read(): HeapFacts;
  /** Collects what nobody uses; nothing else runs meanwhile. */
  collect(): void;
}
