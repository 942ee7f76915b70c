/**
 * A fixed amount of arithmetic; prints the milliseconds that it took. What differs between two runs of it is
 * the machine.
 */
const WARM_UP_STEPS = 2_000_000;
const STEPS = 40_000_000;

function spin(steps: number): number {
  let state = 1;
  for (let step = 0; step < steps; step += 1)
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + step) >>> 0;
  return state;
}

let checksum = spin(WARM_UP_STEPS);
const startedAt = performance.now();
checksum ^= spin(STEPS);
process.stdout.write(`${performance.now() - startedAt} ${checksum}\n`);
