/**
 * A check that protects somebody. Where it stands, and which test must notice that it is gone, is said by
 * markers: `// guard: area/what` above a statement, `/* guard: area/what *\/` before an operand.
 */
export interface Guard {
  /** Short and unique: `area/what`. */
  readonly name: string;
  /** What happens without it, in one line. */
  readonly against: string;
  /** The advisory, page of the specification or decision that demands it. */
  readonly rule?: string;
  /**
   * What stands in the place of the marked piece when the guard is taken away; without it the piece is
   * dropped.
   */
  readonly without?: string;
  /** How many places are marked; one unless it says otherwise. They are taken away together. */
  readonly places?: number;
}
