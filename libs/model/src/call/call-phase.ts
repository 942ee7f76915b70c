/**
 * How far a call had come when it failed. `not-sent`: the upstream has seen nothing of it. `sent`: it may
 * have run. `head-received`: the upstream has begun to answer; where there are no heads, it has said
 * something of this call.
 */
export type CallPhase = 'not-sent' | 'sent' | 'head-received';
