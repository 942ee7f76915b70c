/** How a simulated server is reached. */
export type HostTransport = 'stdio' | 'http' | 'websocket' | 'socket' | 'channel';

/** Everything that can be wrong with a server, and with which ones. */
const EVERYWHERE = ['stdio', 'http', 'websocket', 'socket', 'channel'] as const;
const CHANNELS = ['stdio', 'websocket', 'socket', 'channel'] as const;
const DIALED = ['websocket', 'socket'] as const;

/** Rows S, U and D of the catalogue of bad inputs, as far as the core sees them behind its ports. */
export const FAULT_KINDS = {
  // A process ends.
  'exit-code': ['stdio'],
  'exit-zero': ['stdio'],
  'exit-signal': ['stdio'],
  'exit-at-spawn': ['stdio'],
  'exit-at-handshake': CHANNELS,
  'exit-when-ready': CHANNELS,
  'exit-on-call': CHANNELS,
  'missing-command': ['stdio'],
  'not-executable': ['stdio'],
  'missing-folder': ['stdio'],
  'too-many-processes': ['stdio'],
  'no-memory': ['stdio'],
  'ignores-end-of-input': ['stdio'],
  'ignores-signals': ['stdio'],
  // It runs and is of no use.
  hang: EVERYWHERE,
  'hang-then-late': CHANNELS,
  'hang-at-handshake': EVERYWHERE,
  'pings-only': EVERYWHERE,
  'full-pipe': ['stdio', ...DIALED],
  slow: EVERYWHERE,
  flapping: EVERYWHERE,
  // It says strange things.
  noise: CHANNELS,
  'broken-text': ['stdio', ...DIALED],
  'oversize-answer': ['stdio', ...DIALED],
  'answers-twice': CHANNELS,
  'answers-others': ['http', ...CHANNELS],
  'answers-other-type': CHANNELS,
  'error-answers': EVERYWHERE,
  'list-errors': EVERYWHERE,
  'same-cursor': EVERYWHERE,
  'endless-progress': CHANNELS,
  'list-changes': CHANNELS,
  'list-storm': CHANNELS,
  'refuses-handshake': EVERYWHERE,
  // The network.
  refuse: ['http', ...DIALED],
  blackhole: ['http', ...DIALED],
  'reset-request': ['http'],
  'reset-body': ['http'],
  'closed-by-peer': DIALED,
  'status-500': ['http'],
  'status-502': ['http'],
  'status-503-later': ['http'],
  'status-429-later': ['http'],
  'status-401': ['http'],
  'status-403': ['http'],
  'status-404': ['http'],
  'html-page': ['http'],
  'empty-answer': ['http'],
  'cut-answer': ['http'],
  redirect: ['http'],
  'forgets-sessions': ['http'],
  // Code in the same process.
  'throws-in-open': ['channel'],
  'throws-in-send': ['channel'],
} as const satisfies Readonly<Record<string, readonly HostTransport[]>>;

export type FaultKind = keyof typeof FAULT_KINDS;

/** What happens to Omni itself, or is done to it. */
export const WORLD_FAULT_KINDS = [
  'freeze',
  'clock-forward',
  'clock-back',
  'suspend',
  'switched-off',
  'admin-off',
  'removed',
  'redefined',
  'settings-changed',
  'coordinator-dies',
  'coordinator-hangs',
  'disk-full',
  'disk-fails',
  'power-cut',
] as const;

export type WorldFaultKind = (typeof WORLD_FAULT_KINDS)[number];

/** One fault of a scenario: plain data. */
export interface Fault {
  readonly kind: FaultKind | WorldFaultKind;
  /** The server that it happens to; of clock faults it means nothing. */
  readonly host: string;
  readonly atMs: number;
  /** 0 for what only happens; the rest lasts. */
  readonly forMs: number;
}

/** Those that only happen: nothing lasts. */
export const MOMENTARY: ReadonlySet<string> = new Set<FaultKind | WorldFaultKind>([
  'exit-code',
  'exit-zero',
  'exit-signal',
  'closed-by-peer',
  'list-changes',
  'forgets-sessions',
  'freeze',
  'clock-forward',
  'clock-back',
  'suspend',
  'redefined',
  'settings-changed',
  'coordinator-dies',
  'power-cut',
]);

/** Which kinds can happen to a server that is reached so. */
export function faultKindsOf(transport: HostTransport): readonly FaultKind[] {
  // Object.keys forgets what the keys are.
  return (Object.keys(FAULT_KINDS) as FaultKind[]).filter((kind) =>
    (FAULT_KINDS[kind] as readonly HostTransport[]).includes(transport),
  );
}
