import type { Guard } from '../guard.ts';

/** Policies of calls: rates, queues, breakers, repeats and replicas. */
export const POLICY_GUARDS: readonly Guard[] = [
  {
    name: 'attempts/one-shown',
    against: 'A client hears of two attempts of one request, or gets a second answer behind a first word.',
  },
  {
    name: 'outcome/refused',
    against: 'A call that its server has refused is said to have run, perhaps.',
    without: 'true',
  },
  {
    name: 'repeat/not-run',
    against: 'A call that ends while it waits to be made again is said to have run, perhaps.',
  },
  {
    name: 'keys/arguments',
    against: 'A call with a key gets the answer to another one.',
    without: 'false',
  },
  {
    name: 'keys/not-run',
    against: 'A call that has not run keeps its key from ever being used.',
    without: 'true',
  },
  {
    name: 'keys/goes-on',
    against: 'A call ends with the connection of its client, which comes back for the answer.',
  },
  {
    name: 'keys/cancelled',
    against: 'A call is made twice after it was cancelled.',
    without: 'false',
  },
  {
    name: 'keys/nobody-waits',
    against: 'A call is made after whoever wanted it has cancelled it.',
  },
  {
    name: 'longcall/declared',
    against: 'A client that knows no tasks gets one in place of its answer.',
    without: 'false',
  },
  {
    name: 'longcall/owner',
    against: 'A user sees or cancels the task of another one.',
    without: "''",
  },
  {
    name: 'longcall/endpoint',
    against: 'A task is seen at the endpoint of a server that it does not belong to.',
    without: 'null',
  },
  {
    name: 'longcall/places',
    against: 'Calls become tasks without bound, and keep memory as long as they run.',
  },
  {
    name: 'longcall/outlives-request',
    against: 'A task ends with the connection of the client that has begun it.',
  },
  {
    name: 'longcall/streamed',
    against: 'A client gets a task behind the first bytes of the answer.',
  },
  {
    name: 'longcall/answered-meanwhile',
    against: 'A client gets a task after the answer to its call.',
  },
  {
    name: 'keys/own-bytes',
    against: 'The kept answer to a call loses its bytes once its client has them.',
    without: 'payload',
  },
  {
    name: 'keys/came-meanwhile',
    against: 'A client that comes back while its call is withdrawn waits for ever.',
  },
  {
    name: 'repeat/pinned',
    against: 'A request about a task is made again at an instance that does not know it.',
  },
  {
    name: 'rate/requests',
    against: 'A user sends faster than the limit of users allows.',
    without: 'return next(context, reply);',
  },
  {
    name: 'rate/calls',
    against: 'Calls come faster than the limit of their server allows.',
    without: 'return next(call, handler);',
  },
  {
    name: 'breaker/refused-early',
    against: 'Calls to a tool that is left alone wait in a queue, to be refused behind it.',
    without: 'return next(call, handler);',
  },
  {
    name: 'breaker/capability',
    against: 'A tool that has just failed gets all its calls at once, in place of one trial.',
  },
  {
    name: 'route/own-id',
    against: 'Two attempts that run at the same time have one id, and a server answers the wrong one.',
    without: 'false',
  },
  {
    name: 'repeat/further-round',
    against: 'A call runs twice because the continuation of its answer was refused.',
  },
  {
    name: 'repeat/starts-in-time',
    against: 'A call waits out its deadline for a server that is tried only afterwards.',
    without: '50',
  },
  {
    name: 'breaker/forgotten',
    against: 'A breaker that is forgotten says that it opens, and keeps nothing away.',
    without: 'true',
  },
  {
    name: 'breaker/late-failure',
    against: 'A failure of a call from before the breaker opened ends its first trial.',
    without: 'true',
  },
  {
    name: 'breaker/from-before',
    against:
      'Calls from before a breaker opened time out one by one, and open it again though its tool works.',
    without: 'true',
  },
  {
    name: 'breaker/one-crash',
    against: 'One crash of a server keeps calls away from a tool that ran several times just then.',
  },
  {
    name: 'breaker/bounded',
    against: 'A client that makes up addresses fills the memory with their breakers.',
  },
  {
    name: 'rate/bucket',
    against: 'One caller sends as many calls as it likes.',
  },
  {
    name: 'rate/max-keys',
    against: 'Callers with ever new names fill the memory with buckets.',
    without: 'true',
  },
  {
    name: 'rate/forgotten',
    against: 'Buckets of callers that are gone stay for ever.',
  },
  {
    name: 'rate/all-or-none',
    against: 'A call that is refused by one limit uses up what its user may do elsewhere.',
    rule: 'R-30',
  },
  {
    name: 'rate/no-overtaking',
    against: 'Calls that come later take the tokens that others wait for.',
  },
  {
    name: 'queue/full',
    against: 'Any number of calls wait.',
    rule: 'X004-09',
  },
  {
    name: 'queue/waited',
    against: 'Calls wait for ever.',
    rule: 'X004-09',
  },
  {
    name: 'queue/turns',
    against: 'A user with many waiting calls keeps all others waiting.',
    rule: 'S003-PH-09',
  },
  {
    name: 'queue/timer-undone',
    against: 'A call that was served is refused some time later.',
  },
  {
    name: 'queue/places-back',
    against: 'Calls that wait no more count, until none may wait.',
  },
  {
    name: 'breaker/open',
    against: 'An upstream that fails is called on and on.',
    rule: 'S000-GRD-03',
  },
  {
    name: 'breaker/one-trial',
    against: 'All calls that have waited hit an upstream that may just be back.',
    rule: 'S001-CB-01',
  },
  {
    name: 'breaker/late',
    against: 'The end of a call of before closes a breaker, or opens it again.',
  },
  {
    name: 'breaker/not-upstream',
    against: 'Callers open the breaker for others by what they send or cancel.',
    without: 'true',
  },
  {
    name: 'breaker/undecided',
    against: 'A trial that was cancelled keeps a breaker half-open for ever.',
  },
  {
    name: 'breaker/credentials',
    against: 'Expired credentials of one user open the breaker for all.',
    without: 'false',
  },
  {
    name: 'breaker/asked-too-much',
    against: 'An upstream that asks for a pause is taken for a broken one.',
    without: 'false',
  },
  {
    name: 'breaker/callers-timeout',
    against: 'A caller with little time opens the breaker for others.',
    rule: 'X004-16',
  },
  {
    name: 'repeat/trusted',
    against: 'Whatever a server says of its tools decides whether calls are made twice.',
    places: 2,
  },
  {
    name: 'repeat/shown',
    against: 'A client is told the beginning of an answer twice.',
  },
  {
    name: 'repeat/safe',
    against: 'A call that has done something is made again.',
    rule: 'S003-RT-03',
  },
  {
    name: 'repeat/not-sent',
    against: 'A call that may have run is taken for one that was not sent.',
    rule: 'S003-RT-03',
    without: 'true',
  },
  {
    name: 'repeat/corrected',
    against: 'A call with a wrong revision or header is made again as it was.',
  },
  {
    name: 'repeat/statuses',
    against: 'Calls are made again, or are not, whatever the upstream answered.',
    rule: 'X003-07',
  },
  {
    name: 'repeat/waits-if-safe',
    against: 'Calls that do something wait for a server, and are made when nobody expects it.',
  },
  {
    name: 'repeat/retry-after',
    against: 'An upstream that asks for a pause is called again at once.',
    rule: 'X003-07',
    without: 'jitteredMs',
  },
  {
    name: 'repeat/deadline',
    against: 'A call waits for an attempt that comes after its deadline.',
    without: 'true',
  },
  {
    name: 'repeat/budget',
    against: 'An upstream that is down is asked several times as often as one that works.',
  },
  {
    name: 'repeat/attempts',
    against: 'One call is made any number of times.',
  },
  {
    name: 'repeat/few-samples',
    against: 'The first call says how long all others may take before they are hedged.',
  },
  {
    name: 'hedge/read-only',
    against: 'A call that does something runs twice at the same time.',
    rule: 'S003-RT-08',
  },
  {
    name: 'hedge/progress',
    against: 'Two calls report their progress under one token.',
  },
  {
    name: 'deadline/cap',
    against: 'A server that reports progress keeps a call running without end.',
    rule: 'S003-RT-07',
    without: 'this.#idleAtMs',
  },
  {
    name: 'deadline/held',
    against: 'A call ends while its client is asked for something.',
  },
  {
    name: 'concurrency/overloaded',
    against: 'A server that refuses calls gets ever more of them.',
    without: 'false',
  },
  {
    name: 'concurrency/unused',
    against: 'A limit grows while nobody uses it, and lets everything through when it matters.',
  },
  {
    name: 'concurrency/max',
    against: 'A limit grows without end.',
    without: 'Math.max(this.#exact + 1, this.#exact * factor)',
  },
  {
    name: 'concurrency/min',
    against: 'A limit that has gone down lets nothing through.',
    without: 'Math.floor(this.#exact * (this.#probe?.share ?? 1))',
  },
  {
    name: 'quota/used-up',
    against: 'A session makes as many calls as it likes.',
    rule: 'S003-RT-09',
  },
  {
    name: 'quota/bytes',
    against: 'A session moves as many bytes as it likes.',
    rule: 'S003-RT-09',
  },
  {
    name: 'quota/busy',
    against: 'A session keeps servers busy for as long as it likes.',
    rule: 'S003-RT-09',
  },
  {
    name: 'quota/not-made',
    against: 'Calls that were refused use up the quota of a server.',
    without: 'quota.pay(upstream, use);',
  },
  {
    name: 'budget/few-calls',
    against: 'One failure of the first call takes half of the places of a server.',
    without: 'false',
  },
  {
    name: 'budget/flapping',
    against: 'A tool at the edge of its budget is hidden and shown in turn.',
    without: 'failures > calls * this.#options.share',
  },
  {
    name: 'budget/whose',
    against: 'Callers spend the error budget of a server by what they cancel, or restore it.',
    rule: 'X004-16',
  },
  {
    name: 'budget/bounded',
    against: 'Clients with ever new addresses fill the memory with budgets.',
  },
  {
    name: 'budget/health',
    against: 'A server that fails more than it may is shown as well.',
    rule: 'S003-RT-11',
    without: 'false',
  },
  {
    name: 'memory/critical',
    against: 'An Omni whose memory is full goes on to serve streams and sessions until it is ended.',
  },
  {
    name: 'memory/collecting',
    against: 'An Omni with little memory does nothing but collect.',
  },
  {
    name: 'quota/max-keys',
    against: 'Callers with ever new names fill the memory with quotas.',
    without: 'false',
  },
  {
    name: 'quota/anew',
    against: 'A quota that is used up is never renewed.',
  },
  {
    name: 'balance/ejected',
    against: 'Calls go to a replica that fails all of them.',
    without: 'askable',
  },
  {
    name: 'balance/half',
    against: 'A failure that hits all replicas leaves none to be asked.',
  },
  {
    name: 'balance/slow-start',
    against: 'A replica that has just started gets its whole part at once.',
    without: '1',
  },
  {
    name: 'coalesce/safe',
    against: 'Requests that may change something are run once for several who ask.',
  },
  {
    name: 'coalesce/principal',
    against: 'A user gets the answer to a request of another one.',
  },
  {
    name: 'coalesce/session',
    against: 'A session gets what its server has said to another one.',
  },
  {
    name: 'coalesce/bytes',
    against: 'Requests that differ get the same answer.',
  },
  {
    name: 'coalesce/long',
    against: 'Long parameters are held twice.',
  },
  {
    name: 'coalesce/bounded',
    against: 'Any number of requests wait for one.',
    without:
      'if (open !== undefined) {\n        onShared?.(request, upstream);\n        return open.join(member);\n      }',
  },
  {
    name: 'coalesce/spares-followers',
    against: 'Whoever asked first cancels the requests of others.',
    without: 'this.#running?.cancel(reason);',
  },
  {
    name: 'coalesce/own-answers',
    against: 'Requests that wait for another one are answered under its id.',
    without: 'outcome.payload',
  },
  {
    name: 'coalesce/asked-alone',
    against: 'What a server asks one request is answered for others, too.',
  },
  {
    name: 'coalesce/own-state',
    against: 'A state or a task that is one request’s alone is given to several.',
  },
  {
    name: 'faults/share',
    against: 'Calls beyond the share are struck, and Omni’s own.',
  },
  {
    name: 'overrides/expiry',
    against: 'An override that was for a while stays.',
    without: '(() => {})',
  },
  {
    name: 'overrides/read-only',
    against: 'A server that is read-only is written to.',
  },
  {
    name: 'budget/replaced',
    against: 'Tools of a server are hidden for what the one before it failed with.',
  },
  {
    name: 'budget/gone',
    against: 'What is left of a server that was replaced hides tools of its successor.',
  },
  {
    name: 'queue/edited',
    against: 'The settings of a queue are ignored for as long as a call waits in it.',
  },
  {
    name: 'limiter/edited',
    against: 'Calls wait on where there is room for them by now.',
  },
  {
    name: 'rate/token-back',
    against: 'Calls of one tool that are refused use up the rate of its server.',
  },
  {
    name: 'quota/window-over',
    against: 'Calls that were not made give back more than their window has.',
  },
  {
    name: 'overrides/pinned',
    against: 'What has begun cannot be ended at a server that is read-only.',
    without: 'false',
  },
  {
    name: 'overrides/destination',
    against: 'What changes something goes to a read-only server in place of another one.',
    without: 'undefined',
  },
  {
    name: 'overrides/open',
    against: 'Calls reach a server that an operator keeps them away from.',
  },
  {
    name: 'overrides/waiting',
    against: 'Calls reach a server that an operator keeps them away from, once their turn comes.',
  },
  {
    name: 'overrides/throttle',
    against: 'A throttle lets everything through.',
    without: 'true',
  },
  {
    name: 'overrides/hide',
    against: 'What an operator hides is listed and called.',
  },
  {
    name: 'policies/other-settings',
    against: 'What was counted by former settings counts for others.',
  },
  {
    name: 'limiter/listens',
    against: 'Listening takes the places of calls for as long as it lasts.',
  },
  {
    name: 'limiter/task-waits',
    against: 'Those who wait for tasks keep a server from being called.',
    without: 'false',
  },
  {
    name: 'balance/canary',
    against: 'A new version gets no calls, however large its share is.',
  },
  {
    name: 'balance/another',
    against: 'A replica that was replaced because it failed is left out as if it were the former one.',
  },
  {
    name: 'balance/capabilities',
    against: 'Names that clients make up fill the memory.',
  },
  {
    name: 'candidates/not-run',
    against: 'A call that has run at one replica runs at another one too.',
  },
  {
    name: 'candidates/not-sent',
    against: 'A call that may have run at one replica runs at another one too.',
    without: 'true',
  },
  {
    name: 'candidates/waited-only',
    against: 'A replica that is busy is left out as one that fails.',
  },
  {
    name: 'candidates/shown',
    against: 'A client hears of one call from two servers.',
    without: 'true',
  },
  {
    name: 'candidates/home',
    against: 'A session is sent to a replica that knows nothing of it.',
  },
  {
    name: 'candidates/beside',
    against: 'A slow server is answered for by its fallback, although it can be asked.',
    without: 'false',
  },
  {
    name: 'candidates/one-fallback',
    against: 'A tool that may do something is called once for each attempt of a call that only reads.',
    without: 'false',
  },
  {
    name: 'candidates/not-run-here',
    against: 'A call that was refused where it was sent, and waits elsewhere, may have run.',
  },
  {
    name: 'candidates/at-replica',
    against: 'What is about a task goes to a replica that does not have it.',
  },
  {
    name: 'mirror/safe',
    against: 'What changes something is done twice, at a server that is only to be tried.',
    without: 'true',
  },
  {
    name: 'mirror/bounded',
    against: 'A mirror that hangs fills the memory.',
  },
  {
    name: 'route/lost-task',
    against: 'A task begins at a server where its client cannot ask for it.',
  },
  {
    name: 'route/offers-uri',
    against: 'A resource is asked for at a server that may mean something else by its address.',
  },
  {
    name: 'route/sent-elsewhere',
    against: 'A call that was cut at another server than its own has not run, and is made again.',
  },
];
