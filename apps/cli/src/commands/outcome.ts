/** How a command ended. */
export interface Outcome {
  exitCode: number;
}
