import { jest } from '@jest/globals';

// Tests start processes and wait for sockets, on machines that do other things too: only what hangs is to
// fail. Jest takes its own setting (`testTimeout`) from the configuration of a whole run alone.
jest.setTimeout(60_000);
