/**
 * Property tests look at other values in every run on a developer's machine. Where a change is judged they
 * look at the same ones, so that a change is not refused for what an older one left behind.
 */
import fc from 'fast-check';

const SEED = 20_261_120;

if (process.env.CI === 'true') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });
