/** What is always true of an error code, whoever raises it. */
export interface GatewayErrorFacts {
  /**
   * Code in the JSON-RPC error object. The protocol's own code where it has one, `-31xxx` otherwise
   * (MCP 2026-07-28, basic, "Error Codes": custom codes lie outside -32768…-32000).
   */
  readonly jsonRpcCode: number;
  /** HTTP status while headers are not sent (MCP 2026-07-28, basic/transports, "Error Handling"). */
  readonly httpStatus: number;
  /** Exit code of the `omni` command when this ends it; absent means 1. */
  readonly exitCode?: number;
  /** Whether the same request may succeed if sent again unchanged. */
  readonly retryable: boolean;
  /** One sentence for an operator: what happened. */
  readonly meaning: string;
  /** One sentence: what to do about it. */
  readonly hint: string;
}

/**
 * Every failure that Omni can name. A new failure is a new row; the wire mapping, the exit code and
 * the page in `docs/errors` follow from it.
 */
export const GATEWAY_ERRORS = {
  // What a client sent.
  OMNI_JSON_INVALID: { jsonRpcCode: -32700, httpStatus: 400, retryable: false, meaning: 'The message is not valid JSON.', hint: 'Send one JSON-RPC 2.0 message in UTF-8.' },
  OMNI_MESSAGE_INVALID: { jsonRpcCode: -32600, httpStatus: 400, retryable: false, meaning: 'The message is JSON, but not one valid JSON-RPC 2.0 message.', hint: 'Send one object with "jsonrpc":"2.0", a "method" and, for a request, a string or integer "id"; no key twice.' },
  OMNI_MESSAGE_TOO_COMPLEX: { jsonRpcCode: -32600, httpStatus: 400, retryable: false, meaning: 'The message is nested too deeply or holds too many values.', hint: 'Flatten the arguments or split the call; limits.maxDepth and limits.maxElements are the limits.' },
  OMNI_BODY_TOO_LARGE: { jsonRpcCode: -32600, httpStatus: 413, retryable: false, meaning: 'The request body exceeds the limit.', hint: 'Send less, or raise limits.maxBodyBytes.' },
  OMNI_BODY_INCOMPLETE: { jsonRpcCode: -32700, httpStatus: 400, retryable: true, meaning: 'The request body ended before its declared length or did not arrive in time.', hint: 'Send the request again.' },
  OMNI_HTTP_INVALID: { jsonRpcCode: -32600, httpStatus: 400, retryable: false, meaning: 'The bytes received are not a valid HTTP/1.1 request.', hint: 'Send one well-formed request; length and encoding of the body must be unambiguous.' },
  OMNI_HEADERS_TOO_LARGE: { jsonRpcCode: -32600, httpStatus: 431, retryable: false, meaning: 'The request headers exceed the limit.', hint: 'Send fewer or shorter headers; all together may have 16 KiB.' },
  OMNI_REQUEST_TIMEOUT: { jsonRpcCode: -32600, httpStatus: 408, retryable: true, meaning: 'The request did not arrive in time.', hint: 'Send headers within 10 s and the whole request within 30 s.' },
  OMNI_CONTENT_TYPE_UNSUPPORTED: { jsonRpcCode: -32600, httpStatus: 415, retryable: false, meaning: 'The body is not application/json in UTF-8 without content encoding.', hint: 'Send Content-Type: application/json and no Content-Encoding.' },
  OMNI_NOT_ACCEPTABLE: { jsonRpcCode: -32600, httpStatus: 406, retryable: false, meaning: 'The Accept header allows none of the content types that Omni answers with.', hint: 'Send Accept: application/json, text/event-stream.' },
  OMNI_SUBPROTOCOL_UNSUPPORTED: { jsonRpcCode: -32600, httpStatus: 400, retryable: false, meaning: 'The WebSocket upgrade offers sub-protocols, and mcp is not among them.', hint: 'Offer the sub-protocol mcp, or none.' },
  OMNI_METHOD_NOT_ALLOWED: { jsonRpcCode: -32600, httpStatus: 405, retryable: false, meaning: 'This HTTP method is not served at this path.', hint: 'Use POST for MCP messages; GET and DELETE need a legacy session.' },
  OMNI_PATH_UNKNOWN: { jsonRpcCode: -32600, httpStatus: 404, retryable: false, meaning: 'Nothing is served at this path.', hint: 'MCP is at /mcp and /mcp/{server}, health at /health/live and /health/ready.' },
  OMNI_OAUTH_UNSUPPORTED: { jsonRpcCode: -32600, httpStatus: 404, retryable: false, meaning: 'A client without a token looked for an authorization server; Omni has none.', hint: 'Give the client the token of this Omni as a header, Authorization: Bearer <token>; omni serve prints where the token is stored.' },
  OMNI_SERVER_UNKNOWN: { jsonRpcCode: -32602, httpStatus: 404, exitCode: 15, retryable: false, meaning: 'No configured server has this name.', hint: 'omni ls prints the names.' },
  OMNI_METHOD_UNKNOWN: { jsonRpcCode: -32601, httpStatus: 404, retryable: false, meaning: 'No such JSON-RPC method at this endpoint.', hint: 'server/discover (or initialize) lists what is offered.' },
  OMNI_PARAMS_INVALID: { jsonRpcCode: -32602, httpStatus: 400, retryable: false, meaning: 'The parameters do not fit the method.', hint: 'The message names the parameter.' },
  OMNI_HEADER_MISMATCH: { jsonRpcCode: -32020, httpStatus: 400, retryable: false, meaning: 'A required Mcp-* header is missing, malformed or differs from the body.', hint: 'Mirror method, name and version of the body in the headers; list the tools again if a schema changed.' },
  OMNI_CAPABILITY_MISSING: { jsonRpcCode: -32021, httpStatus: 400, retryable: false, meaning: 'The request needs a client capability that was not declared.', hint: 'Declare the capability if your client supports it.' },
  OMNI_VERSION_UNSUPPORTED: { jsonRpcCode: -32022, httpStatus: 400, retryable: false, meaning: 'The protocol version is not served.', hint: 'data.supported lists the versions.' },
  OMNI_NAME_UNKNOWN: { jsonRpcCode: -32602, httpStatus: 200, exitCode: 15, retryable: false, meaning: 'No tool, prompt or resource of this name is offered to you.', hint: 'List again; what is offered may have changed.' },
  OMNI_NAME_AMBIGUOUS: { jsonRpcCode: -32602, httpStatus: 200, exitCode: 15, retryable: false, meaning: 'The name fits more than one server.', hint: 'Use the full name: server__tool.' },
  OMNI_CURSOR_INVALID: { jsonRpcCode: -32602, httpStatus: 200, retryable: false, meaning: 'The pagination cursor was not issued by this endpoint.', hint: 'Start the list again without a cursor.' },
  OMNI_STATE_INVALID: { jsonRpcCode: -32602, httpStatus: 200, retryable: false, meaning: 'The requestState was not issued to this user for this call, or it has expired.', hint: 'Make the call again without requestState and inputResponses; a state can be used once, with the same parameters.' },
  OMNI_SESSION_REQUIRED: { jsonRpcCode: -32600, httpStatus: 400, retryable: false, meaning: 'The request belongs to a legacy session but names none.', hint: 'Send initialize first and repeat its Mcp-Session-Id, or state the revision in _meta as 2026-07-28 does.' },
  OMNI_SESSION_UNKNOWN: { jsonRpcCode: -32001, httpStatus: 404, retryable: false, meaning: 'The session does not exist, has ended, or belongs to somebody else.', hint: 'Send initialize again.' },
  OMNI_SESSION_NOT_INITIALIZED: { jsonRpcCode: -32600, httpStatus: 400, retryable: false, meaning: 'A request came before the handshake.', hint: 'Send initialize, or a server/discover request of the modern era.' },
  OMNI_STREAM_OVER: { jsonRpcCode: -32600, httpStatus: 405, retryable: false, meaning: 'The stream to be resumed has nothing left to send.', hint: 'Nothing to do if its answer came; otherwise send the request again. Events are kept for five minutes.' },
  OMNI_REQUEST_ID_IN_USE: { jsonRpcCode: -32600, httpStatus: 400, retryable: false, meaning: 'A request with this id is still running on this connection, where all answers share a stream.', hint: 'Use each id once, or Streamable HTTP, where each request has an answer of its own.' },
  OMNI_CANCELLED: { jsonRpcCode: -31001, httpStatus: 499, exitCode: 14, retryable: false, meaning: 'The caller cancelled the request.', hint: 'Nothing to do.' },

  // Who may call.
  OMNI_HOST_FORBIDDEN: { jsonRpcCode: -31010, httpStatus: 403, retryable: false, meaning: 'The Host header names a host that Omni does not serve.', hint: 'Add the name to server.allowedHosts if it is yours.' },
  OMNI_ORIGIN_FORBIDDEN: { jsonRpcCode: -31011, httpStatus: 403, retryable: false, meaning: 'The Origin header names a site that may not call Omni.', hint: 'Add the origin to server.allowedOrigins if you trust its pages with all tools; pages of this machine are no exception.' },
  OMNI_AUTH_REQUIRED: { jsonRpcCode: -31012, httpStatus: 401, exitCode: 12, retryable: false, meaning: 'The request carries no valid token.', hint: 'Send Authorization: Bearer <token>; omni serve prints where the token is stored.' },
  OMNI_AUTH_UNAVAILABLE: { jsonRpcCode: -31013, httpStatus: 503, retryable: true, meaning: 'Omni could not find out in time who sent the request.', hint: 'Try again in a moment; if it lasts, check the service that knows the credentials of clients.' },
  OMNI_SCOPE_INSUFFICIENT: { jsonRpcCode: -31014, httpStatus: 403, exitCode: 12, retryable: false, meaning: 'The token is good but lacks scopes that Omni asks for.', hint: 'Log in again and ask for the scopes that WWW-Authenticate names; auth.issuers says which are needed.' },

  // How busy Omni is.
  OMNI_OVERLOADED: { jsonRpcCode: -31020, httpStatus: 503, retryable: true, meaning: 'A limit on concurrent work is reached, or one user has as much of it as it gets while others may need the rest.', hint: 'Try again after data.retryAfterS seconds (Retry-After over HTTP), or raise the limit that the message names.' },
  OMNI_RATE_LIMITED: { jsonRpcCode: -31024, httpStatus: 429, retryable: true, meaning: 'Requests come faster than a limit allows: of this user, of this session, to this server or to this tool.', hint: 'Try again after data.retryAfterS seconds (Retry-After over HTTP), or raise the rate that the message names.' },
  OMNI_QUEUE_FULL: { jsonRpcCode: -31026, httpStatus: 429, retryable: true, meaning: 'A call found no room in the queue for its server, or had no turn in time.', hint: 'Try again after data.retryAfterS seconds (Retry-After over HTTP); data.position says how many calls had their turn first. routing.queue says how many may wait, and for how long.' },
  OMNI_QUOTA_USED_UP: { jsonRpcCode: -31027, httpStatus: 429, retryable: true, meaning: 'A session, or all clients of a server together, have used what they may use of it in this time.', hint: 'Try again after data.retryAfterS seconds (Retry-After over HTTP), when the time begins anew; limits.sessionQuota and routing.quota say how much there is.' },
  OMNI_SHUTTING_DOWN: { jsonRpcCode: -31021, httpStatus: 503, retryable: true, meaning: 'Omni is stopping and takes no new work.', hint: 'Try again when it is back.' },
  OMNI_MEMORY_FULL: { jsonRpcCode: -31022, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'Unfinished messages of servers filled their memory budget, so Omni dropped this one.', hint: 'The server may have done what it was asked. Ask for less, try again in a moment, or raise limits.maxUnfinishedBytes.' },
  OMNI_ANSWERS_UNREAD: { jsonRpcCode: -31023, httpStatus: 503, retryable: true, meaning: 'Answers that clients had not read filled their budget, and the connection of the user with most of them was cut.', hint: 'Read answers as they come, on fewer connections at once, or raise limits.maxUnreadBytes.' },
  OMNI_INTERNAL: { jsonRpcCode: -32603, httpStatus: 500, retryable: true, meaning: 'Omni failed unexpectedly.', hint: 'Report it with the request id and the log line.' },

  OMNI_BODY_TAKEN: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'The server that Omni is mounted in has read the body of the request, and kept nothing of it but what it parsed.', hint: 'Mount Omni before the parser of bodies, or let the parser keep the bytes: request.rawBody, or bodyOf of the handler.' },

  // What an upstream did.
  OMNI_UPSTREAM_STARTING: { jsonRpcCode: -31030, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The server has not finished starting.', hint: 'Try again in a moment.' },
  OMNI_UPSTREAM_DOWN: { jsonRpcCode: -31031, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The server is not running or not reachable; Omni keeps trying, next in data.retryAfterS seconds.', hint: 'omni ls shows its state and last error.' },
  OMNI_UPSTREAM_DISABLED: { jsonRpcCode: -31032, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The server is switched off, by its entry or by an admin; or it cannot run as it is configured; or it was down for so long that Omni tries it no more.', hint: 'The message says which. See "disabled", "requiredEnv" and "featureFlag" of its entry, and what omni ls shows.' },
  OMNI_UPSTREAM_SPAWN_FAILED: { jsonRpcCode: -31033, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The command of a stdio server could not be started.', hint: 'Check command, args and cwd of its entry; the command must be on the PATH of Omni.' },
  OMNI_UPSTREAM_NO_RESOURCES: { jsonRpcCode: -31048, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The system has no processes, open files or memory left to start a stdio server; Omni tries again.', hint: 'Run fewer programs, or raise the limits under which Omni runs (ulimit -u, ulimit -n).' },
  OMNI_UPSTREAM_EXITED: { jsonRpcCode: -31034, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The process of a stdio server ended, or a server closed its connection, while it was needed.', hint: 'omni ls shows the owner of Omni what the process wrote last, under the id in the message.' },
  OMNI_UPSTREAM_UNREACHABLE: { jsonRpcCode: -31035, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The server could not be connected, or the connection broke.', hint: 'Check its url and that it is up.' },
  OMNI_UPSTREAM_HTTP_STATUS: { jsonRpcCode: -31036, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The HTTP server answered with a status that carries no MCP answer.', hint: 'The message has the status; 401 and 403 mean its credentials are missing or wrong.' },
  OMNI_UPSTREAM_PROTOCOL: { jsonRpcCode: -31037, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The server sent something that is not MCP.', hint: 'The message has a short excerpt; report it to the maintainers of the server.' },
  OMNI_UPSTREAM_TOO_LARGE: { jsonRpcCode: -31038, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The server sent a message beyond the limit.', hint: 'Ask for less, or raise limits.maxUpstreamMessageBytes.' },
  OMNI_UPSTREAM_TIMEOUT: { jsonRpcCode: -31039, httpStatus: 200, exitCode: 14, retryable: true, meaning: 'The server did not answer in time.', hint: 'If the server is always slow, raise connectTimeout (its start) or callTimeout (a call) of its entry.' },
  OMNI_UPSTREAM_ERA: { jsonRpcCode: -31040, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The server speaks no protocol revision that can carry this request.', hint: 'Call it from a client of its era, or set protocol of its entry.' },
  OMNI_CIRCUIT_OPEN: { jsonRpcCode: -31049, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'Calls to this tool, prompt or resource have failed several times in a row, so they are kept away from it for a while.', hint: 'Try again after data.retryAfterS seconds, when one call tries whether it works again; routing.breaker says when it opens.' },
  OMNI_OVERRIDDEN: { jsonRpcCode: -31055, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'An operator keeps this call away from the server for a while: all calls, or those that may change something.', hint: 'Ask who runs this Omni; data.override says what is in force.' },
  OMNI_FAULT_INJECTED: { jsonRpcCode: -31056, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The call was made to fail on purpose: routing.faults is on for this server.', hint: 'Set routing.faults.share to 0 when the trial is over.' },
  OMNI_OUTCOME_UNKNOWN: { jsonRpcCode: -31050, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The call was cut after it had been sent to the server, so nobody knows whether it has run; data.cause says what cut it, and data.operation names the call in the log.', hint: 'Find out at the server whether it was done before you make the call again; one that has an idempotency key is made once, however often you ask.' },
  OMNI_IDEMPOTENCY_KEY_REUSED: { jsonRpcCode: -31051, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The same idempotency key came before with other arguments.', hint: 'Use a new key for each call, and the same one only to repeat it.' },
  OMNI_IDEMPOTENCY_UNAVAILABLE: { jsonRpcCode: -31052, httpStatus: 200, exitCode: 11, retryable: false, meaning: 'The call has an idempotency key, and Omni has no store that outlives it; the call was not sent.', hint: 'Set storage.url to SQLite or PostgreSQL, or make the call without a key.' },
  OMNI_UPSTREAM_UNHEALTHY: { jsonRpcCode: -31047, httpStatus: 200, exitCode: 11, retryable: true, meaning: 'The server answers, and says or shows that it does not work.', hint: 'See its own log; health of its entry says how it is probed.' },
  OMNI_QUESTION_UNADDRESSED: { jsonRpcCode: -32603, httpStatus: 200, retryable: false, meaning: 'A server sent its client a request that belongs to no known call.', hint: 'The server is told. Over HTTP it can send the request on the stream of the call, over stdio while one call runs.' },

  // How it was started.
  OMNI_CONFIG_INVALID: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 4, retryable: false, meaning: 'The configuration was rejected; nothing was started.', hint: 'Each line names file, line and column, what was expected and what to write.' },
  OMNI_CONFIG_UNREADABLE: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 4, retryable: false, meaning: 'The configuration file or folder cannot be read.', hint: 'Check the path and its permissions.' },
  OMNI_CONFIG_UNSAFE: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 4, retryable: false, meaning: 'Others than the user that runs Omni can change the configuration, which names commands to run.', hint: 'Read what stands in it, then take their right to write to the file and its folder: chmod go-w FILE.' },
  OMNI_CONFIG_REFUSED: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 4, retryable: false, meaning: 'A part of Omni, or of the program that embeds it, does not take a new configuration; the one before stays in force.', hint: 'The message and the log say what is missing.' },
  OMNI_CONFIG_HELD: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 13, retryable: false, meaning: 'A new configuration removes all servers, or most of many, which is what a file that was cut does; the one before stays in force.', hint: 'Look at the file. If it is what you mean: omni config apply.' },
  OMNI_CONFIG_UNAPPROVED: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 13, retryable: false, meaning: 'A configuration that lies in the working directory, and was not named, names commands that nobody has approved.', hint: 'Read it, then approve it as it is: omni config approve. Or name it: --config FILE.' },
  OMNI_CONFIG_REVISION_UNKNOWN: { jsonRpcCode: -32602, httpStatus: 404, exitCode: 15, retryable: false, meaning: 'No configuration of this number is kept, or not all of it is.', hint: 'omni config history prints the numbers. Secret values are not kept: a revision that held some can be restored only by the Omni that has read it.' },
  OMNI_LISTEN_IN_USE: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 2, retryable: false, meaning: 'The address is in use.', hint: 'Stop the other program, or choose another port with --listen; port 0 picks a free one.' },
  OMNI_LISTEN_DENIED: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 5, retryable: false, meaning: 'The operating system does not allow listening on this address, or others could put a socket of their own in its place.', hint: 'Choose a port above 1023 and an address of this machine.' },
  OMNI_TLS_INVALID: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 4, retryable: false, meaning: 'The TLS certificate or its key cannot be read, or they do not belong together.', hint: 'server.tls.cert and server.tls.key name PEM files; a key must be readable by Omni and have no passphrase.' },
  OMNI_START_TIMEOUT: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 6, retryable: true, meaning: 'Omni did not become ready in time.', hint: 'The message names what it waited for; startup.timeout is the limit.' },
  OMNI_NOT_STARTED: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'A program asked for something of a gateway that comes with its start, and had not started it.', hint: 'Call start() of the gateway first.' },
  OMNI_MOUNT_UNPROTECTED: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'Omni was to be mounted in another server, and nothing says who sends a request.', hint: 'Give principalOf to the handler, which says who it is, or authentication to front(); or configure auth.token or auth.tokens.' },
  OMNI_STATE_DENIED: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 5, retryable: false, meaning: 'The state folder cannot be written, or others can change what stands in it.', hint: 'Set OMNI_HOME to a folder that you own and that others cannot write to.' },
  OMNI_USAGE: { jsonRpcCode: -32602, httpStatus: 400, exitCode: 64, retryable: false, meaning: 'The command line is wrong.', hint: 'omni help prints the commands.' },
  OMNI_GATEWAY_UNREACHABLE: { jsonRpcCode: -32603, httpStatus: 502, exitCode: 11, retryable: true, meaning: 'No running Omni answers at this address.', hint: 'Start one with omni serve --config FILE, name another with --url, or pass --config FILE to run the command without one.' },
  OMNI_INPUT_REQUIRED: { jsonRpcCode: -32603, httpStatus: 200, exitCode: 10, retryable: false, meaning: 'The tool asks for input that this client cannot give.', hint: 'Call it from a client that can ask its user.' },
  OMNI_TOOL_FAILED: { jsonRpcCode: -32603, httpStatus: 200, exitCode: 10, retryable: false, meaning: 'The tool ran and reported a failure.', hint: 'The output has its own message.' },
  OMNI_ARGUMENTS_INVALID: { jsonRpcCode: -32602, httpStatus: 400, exitCode: 16, retryable: false, meaning: 'The arguments do not fit the schema of the tool.', hint: 'The message names the argument and what the schema wants.' },
  // What keeps the state.
  OMNI_STORE_LOCKED: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 3, retryable: false, meaning: 'Another Omni uses the same state folder or the same database.', hint: 'Stop the other one, or give this one a folder of its own with OMNI_HOME and a schema of its own with storage.schema.' },
  OMNI_STORE_DENIED: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 5, retryable: false, meaning: 'The store may not be read or written, or others than the user that runs Omni can.', hint: 'The folder must belong to the user that runs Omni (chmod 700), and the database too (chmod 600); a PostgreSQL user needs rights to its schema.' },
  OMNI_STORE_FULL: { jsonRpcCode: -32603, httpStatus: 503, retryable: true, meaning: 'The store has no room left.', hint: 'Free space on its disk; Omni goes on by itself.' },
  OMNI_STORE_CORRUPT: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'The store is damaged. Omni has left it as it is.', hint: 'omni store restore FILE puts a backup in its place and keeps the damaged one; omni store check says what is wrong.' },
  OMNI_STORE_NEWER: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'The store was written by a newer version of Omni, or by another program.', hint: 'Start the newer version, or restore a backup that this one has made: omni store restore FILE.' },
  OMNI_STORE_UNSUPPORTED: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'The SQLite in this Node can lose what was written: versions before 3.51.3 have a bug in write-ahead logs.', hint: 'Run Omni with Node 24.21 or later, or use storage.url "memory:" or PostgreSQL.' },
  OMNI_STORE_UNAVAILABLE: { jsonRpcCode: -32603, httpStatus: 503, retryable: true, meaning: 'The store cannot be reached, or does not answer in time.', hint: 'Check that the disk or the database server works; Omni goes on by itself.' },
  OMNI_STORE_FENCED: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'Another part of Omni has taken over the store, so this one may not write any more.', hint: 'Nothing to do; only the newest may write.' },
  // What keeps secrets.
  OMNI_SECRET_UNKNOWN: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 15, retryable: false, meaning: 'There is no secret of this name where it was looked for.', hint: 'omni secrets ls prints the names; omni secrets set NAME keeps one.' },
  OMNI_SECRET_UNAVAILABLE: { jsonRpcCode: -32603, httpStatus: 503, exitCode: 11, retryable: true, meaning: 'A provider of secrets cannot be asked, or does not answer in time.', hint: 'The message names the provider: check that it runs and can be reached; secrets.fallback says who is asked in its place.' },
  OMNI_SECRET_DENIED: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 5, retryable: false, meaning: 'A secret may not be used here, or its provider or the system does not allow it.', hint: 'The message says who refuses it: secrets.rules, the policy of the provider, or the modes of a file.' },
  OMNI_SECRET_READ_ONLY: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 64, retryable: false, meaning: 'This provider of secrets takes none from Omni.', hint: 'Put the secret there by the means of the provider, or keep it in another one.' },
  OMNI_SECRET_CORRUPT: { jsonRpcCode: -32603, httpStatus: 500, retryable: false, meaning: 'A kept secret cannot be opened: it is damaged, its key is another one, or it stands in a place that is not its own. Omni has left it as it is.', hint: 'Put back the file, or the key that the message names, from a backup of the same time.' },
  OMNI_SECRET_KEY_MISSING: { jsonRpcCode: -32603, httpStatus: 500, exitCode: 4, retryable: false, meaning: 'Secrets are kept, and the key that opens them is not there.', hint: 'Put the key that the message names back where it was. Without it the secrets are lost: move their file away, and set them again.' },
} as const satisfies Record<string, GatewayErrorFacts>;

export type GatewayErrorCode = keyof typeof GATEWAY_ERRORS;
