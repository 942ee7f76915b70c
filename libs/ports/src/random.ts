/** Uniform in 0 ≤ x < 1. Spreads what would otherwise happen at once; never a secret. */
export type Random = () => number;

/** The runtime's own random numbers. */
export const systemRandom: Random = () => Math.random();
