import { jest } from '@jest/globals';

// Many tests start processes or wait for sockets, on machines that do other things too: only what hangs is to fail. Jest takes its own setting
// (`testTimeout`) from the configuration of a whole run alone.
jest.setTimeout(20_000);
