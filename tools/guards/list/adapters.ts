import type { Guard } from '../guard.ts';

/** Processes, files, logs and the connections to servers. */
export const ADAPTER_GUARDS: readonly Guard[] = [
  {
    name: 'child/environment',
    against: 'Every process gets the secrets in the environment of Omni.',
  },
  {
    name: 'child/owner-mark',
    against: 'The configuration removes the mark by which orphans are found.',
    without: 'environment[OWNER_VARIABLE] ??= options.owner;',
  },
  {
    name: 'child/group',
    against: 'What a wrapper has started outlives it.',
    rule: 'S000-PROC-06',
  },
  {
    name: 'child/left-behind',
    against: 'What a wrapper leaves behind at its exit runs on.',
    rule: 'S000-PROC-06',
  },
  {
    name: 'child/kill',
    against: 'A process that ignores SIGTERM is waited for without end.',
    rule: 'S000-SHD-04',
  },
  {
    name: 'child/escaped',
    against: 'A descendant with a session of its own outlives the process that started it.',
  },
  {
    name: 'child/escaped-at-close',
    against: 'A descendant that was never seen beside its parent outlives Omni.',
  },
  {
    name: 'child/stderr-secrets',
    against: 'The last words of a process show its credentials.',
    without: '(text) => text',
  },
  {
    name: 'child/failure-secrets',
    against: 'Callers read a secret in the command of a server that cannot be started.',
    without: 'explain(spec, code, path)',
  },
  {
    name: 'child/after-close',
    against: 'A process that starts while Omni stops outlives it.',
  },
  {
    name: 'orphan/living-owner',
    against: 'The children of another Omni that runs are killed.',
    without: '(owner) => owner.startsWith(`${process.pid}:`) || !isAlive(owner)',
  },
  {
    name: 'orphan/start-time',
    against: 'A dead owner whose pid was given to another process counts as alive.',
  },
  {
    name: 'orphan/foreign-mark',
    against: 'A process with a mark that is not ours is killed.',
    without: 'false',
  },
  {
    name: 'output/length',
    against: 'The last words of a process are quoted in any length.',
  },
  {
    name: 'output/redacted-first',
    against: 'A secret that is cut is no longer found.',
    without:
      "this.#text(this.#ring)\n      .slice(-MAX_CHARACTERS)\n      .split('\\n')\n      .map((line) => this.#redact(line))\n      .map((line) => line.trimEnd())\n      .filter((line) => line !== '')\n      .slice(-MAX_LINES)",
  },
  {
    name: 'output/lost-reader',
    against: 'A full disk under the log ends Omni and the calls that run.',
  },
  {
    name: 'log/redacted',
    against: 'The log shows what looks like a credential.',
    without: 'value',
  },
  {
    name: 'log/controls',
    against: 'A line of the log acts on the terminal of who reads it.',
  },
  {
    name: 'log/credentials',
    against: 'The log shows tokens and cookies.',
  },
  {
    name: 'token/file-mode',
    against: 'Others read the token.',
  },
  {
    name: 'token/folder-mode',
    against: 'Others replace the token.',
  },
  {
    name: 'token/created-mode',
    against: 'A new token can be read by others.',
    without: '0o644',
  },
  {
    name: 'token/pipe',
    against: 'A pipe or a device in the place of the token is read.',
  },
  {
    name: 'files/private-folder',
    against: 'The folder of the token, or of the socket, can be looked into by others.',
  },
  {
    name: 'files/compiled-code',
    against: 'Code that another user has put into the folder runs at the next start.',
  },
  {
    name: 'files/owner',
    against: 'What belongs to another user is trusted.',
  },
  {
    name: 'files/everybody',
    against: 'What everybody can write to is trusted.',
  },
  {
    name: 'files/changeable',
    against: 'Another user writes the commands that Omni runs into its configuration.',
  },
  {
    name: 'files/readable',
    against: 'Nobody is told that every user can read a token.',
  },
  {
    name: 'token/content',
    against: 'Any file is taken for a token, an empty one too.',
    without: 'true',
  },
  {
    name: 'files/size',
    against: 'A configuration of any size is read.',
    without: '8_388_608',
  },
  {
    name: 'files/pipe',
    against: 'Omni waits for ever for a pipe in the place of its configuration.',
    without: 'facts.isFile() || facts.isFIFO()',
  },
  {
    name: 'files/environment',
    against: 'OMNI_ENV leads out of the folder.',
  },
  {
    name: 'files/utf8',
    against: 'Bytes of a configuration that are no text are replaced.',
    without: 'false',
  },
  {
    name: 'outgoing/redirect',
    against: 'A redirect takes headers, session and body to another origin.',
    rule: 'CVE-2026-111769',
    without:
      "await import('undici').then((undici) => ({\n  ...undici,\n  Pool: class {\n    readonly #origin: string;\n    readonly #agent: ReturnType<InstanceType<typeof undici.Agent>['compose']>;\n\n    constructor(origin: string, options: object) {\n      this.#origin = origin;\n      this.#agent = new undici.Agent(options).compose(undici.interceptors.redirect({ maxRedirections: 3 }));\n    }\n\n    dispatch(options: object, handler: object): boolean {\n      return this.#agent.dispatch({ ...options, origin: this.#origin } as never, handler as never);\n    }\n\n    async close(): Promise<void> {\n      await this.#agent.close();\n    }\n\n    async destroy(): Promise<void> {\n      await this.#agent.destroy();\n    }\n  },\n}))",
  },
  {
    name: 'outgoing/loopback-proxy',
    against: 'What is said to a server on this machine goes to a proxy elsewhere.',
    without: 'false',
  },
  {
    name: 'upstream/turn',
    against: 'One server that sends without end leaves the others no turn of the event loop.',
    without: 'this.#turnBytes < 0',
  },
  {
    name: 'outgoing/unpacked',
    against: 'A few kilobytes are unpacked to any size.',
  },
  {
    name: 'outgoing/interim-length',
    against: 'An interim answer without end fills the memory.',
    without: 'if (!mayBeInterim(bytes)) {\n        isAtHead = false;\n        return bytes;\n      }',
  },
  {
    name: 'outgoing/redirect-of-web-socket',
    against: 'A redirect takes the headers of a WebSocket to another origin.',
    rule: 'CVE-2026-111769',
    without: 'true',
  },
  {
    name: 'outgoing/message-size',
    against: 'A message of any size from a WebSocket server fills the memory.',
    without: '0',
  },
  {
    name: 'outgoing/socket-timeout',
    against: 'A socket that takes no connection is waited for without end.',
  },
  {
    name: 'outgoing/scheme',
    against: 'An address of another scheme is called.',
  },
  {
    name: 'outgoing/after-close',
    against: 'A connection is opened while Omni stops, and outlives it.',
  },
];
