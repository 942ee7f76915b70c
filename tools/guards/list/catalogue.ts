import type { Guard } from '../guard.ts';

/** What servers may put into the lists. */
export const CATALOGUE_GUARDS: readonly Guard[] = [
  {
    name: 'walk/pages',
    against: 'A server hands out pages for ever.',
    without: 'pages >= 3 * limits.maxPages',
  },
  {
    name: 'walk/items',
    against: 'A server hands out items for ever.',
  },
  {
    name: 'walk/room',
    against: 'A server fills the memory with its lists.',
  },
  {
    name: 'list/room',
    against: 'The lists of all servers together fill the memory.',
    without: 'return true;',
  },
  {
    name: 'list/fair',
    against: 'A server with long lists takes all the room that others may need beyond their part.',
    without: 'true',
  },
  {
    name: 'list/answer',
    against: 'An answer to a list is as long as all lists together.',
  },
  {
    name: 'list/texts',
    against: 'Answers to lists are kept for every kind of client until the memory is full.',
  },
  {
    name: 'walk/same-cursor',
    against: 'A server hands out the same page for ever.',
  },
  {
    name: 'walk/cursor-length',
    against: 'A cursor of any length goes back and forth.',
  },
  {
    name: 'walk/undeclared',
    against: 'A server is asked for lists that it does not have.',
  },
  {
    name: 'item/malformed',
    against: 'One malformed item costs clients the whole list.',
    rule: 'PROTO-R20',
    without: 'true',
  },
  {
    name: 'item/size',
    against: 'An item of any size goes into the context of a model.',
  },
  {
    name: 'item/name-length',
    against: 'A name of any length is listed.',
  },
  {
    name: 'item/control-characters',
    against: 'A name acts on the terminal of who lists it.',
  },
  {
    name: 'item/depth',
    against: 'An item is nested so deeply that clients fail.',
    without: '500',
  },
  {
    name: 'item/subschemas',
    against: 'A schema of many thousand parts keeps clients busy.',
  },
  {
    name: 'item/twin',
    against: 'Two items of one key are listed, and clients refuse the list.',
    without: "''",
  },
  {
    name: 'item/withheld-count',
    against: 'A server that sends only rubbish fills the memory with reasons.',
  },
  {
    name: 'item/prototype',
    against: 'A member called constructor is checked by a function of the prototype.',
    without: 'true',
  },
  {
    name: 'name/poses',
    against: 'A server offers a tool under the name of another server.',
  },
  {
    name: 'name/own-only',
    against: 'The endpoint of one server leads to others.',
  },
  {
    name: 'name/ambiguous',
    against: 'Of two servers one is chosen without a word.',
    without: 'true',
  },
  {
    name: 'name/length',
    against: 'A name of any length is taken apart.',
  },
  {
    name: 'name/safe-text',
    against: 'What a client or server writes acts on the terminal of who reads the error.',
  },
  {
    name: 'template/budget',
    against: 'Matching an address with templates takes minutes.',
    rule: 'CVE-2026-0621',
  },
  {
    name: 'template/length',
    against: 'A template of any length is compiled.',
    rule: 'CVE-2026-0621',
  },
  {
    name: 'uri/length',
    against: 'An address of any length is looked for.',
  },
  {
    name: 'uri/remembered',
    against: 'The addresses that results mention are remembered for ever.',
    without: 'true',
  },
  {
    name: 'view/hidden-items',
    against: 'What a client may not see is listed, and found under its names.',
    without: 'list.items',
  },
  {
    name: 'view/hidden-uris',
    against: 'A hidden resource is read by its address, though no list shows it.',
  },
  {
    name: 'view/unreached',
    against: 'A client hears what a server can do of which it may see nothing.',
    without: 'false',
  },
  {
    name: 'capabilities/served',
    against: 'The endpoint of all servers offers an extension whose methods it does not serve.',
    without: 'true',
  },
  {
    name: 'view/undecided',
    against: 'An address that takes long to match leads to a hidden resource.',
    without: 'this.#concealed.leadsTo(upstream, uri) === true',
  },
  {
    name: 'view/hidden-owners',
    against: 'A client learns from a refusal that there is a server that is hidden from it.',
  },
  {
    name: 'view/hidden-methods',
    against: 'A hidden method of a server is called on its own endpoint.',
  },
  {
    name: 'view/hidden-task-lists',
    against: 'A hidden list of tasks is read on the endpoint of all servers.',
  },
  {
    name: 'view/allowed-tools',
    against: 'A tool that the configuration does not allow is listed and called.',
    without: 'true',
  },
  {
    name: 'view/withdrawn',
    against: 'A tool that fails more than it may is listed all the same.',
    rule: 'S003-RT-12',
  },
  {
    name: 'view/disabled-tools',
    against: 'A tool that the configuration forbids is listed and called.',
    without: 'true',
  },
  {
    name: 'view/bounded',
    against: 'Views are kept for every endpoint and variant that was ever asked for.',
  },
  {
    name: 'change/same-bytes',
    against: 'A server that announces changes for ever makes clients read for ever.',
    rule: 'PROTO-R18',
  },
  {
    name: 'change/storm',
    against: 'Each change of a storm is announced.',
    rule: 'PROTO-R18',
    without: 'pause === undefined || !pause.isTouched',
  },
  {
    name: 'change/reading',
    against: 'A server that announces changes for ever is read for ever.',
  },
  {
    name: 'change/age',
    against: 'A server whose lists are good for no time is read with every question.',
    without: 'own.length > 0 ? Math.min(...own) : LIST_AGE_MS',
  },
  {
    name: 'variant/fresh-wait',
    against: 'A server that lists slowly holds up the lists of some clients.',
    without: 'const cancelTimer = (): void => {};',
  },
  {
    name: 'change/fresh-wait',
    against: 'A server that lists slowly holds up the lists of all others.',
    without: 'const cancelWait = (): void => {};',
  },
  {
    name: 'change/contradictions',
    against: 'Wrong calls have a server read all the time.',
    without: 'if (kept === undefined) return;',
  },
  {
    name: 'change/stale-connection',
    against: 'What an earlier connection still says replaces what the present one said.',
  },
  {
    name: 'change/unreadable',
    against: 'A server whose lists cannot be read is asked for them as often for ever.',
    without: 'RETRY_MS',
  },
  {
    name: 'variant/unreadable',
    against: 'A server whose lists for some clients cannot be read is asked for them as often as ever.',
    without: 'RETRY_MS',
  },
  {
    name: 'variant/fair',
    against: 'A user who declares much makes others see less than servers list to them.',
  },
  {
    name: 'change/gone',
    against: 'What a server offered stays in the lists when it is gone.',
  },
  {
    name: 'change/restored-away',
    against: 'What an earlier run has read of a server that stays away stays in the lists.',
  },
  {
    name: 'change/gone-at-once',
    against: 'What a server offered lingers in the lists though that is not wanted.',
  },
  {
    name: 'registry/predecessor',
    against: 'What a replaced server offered stays in the lists when its successor does not come up.',
  },
  {
    name: 'registry/own-items',
    against: 'Lists that a server cannot give are filled with those of another one of its name.',
  },
  {
    name: 'instructions/length',
    against: 'The instructions of servers fill the context of a model.',
    without: "sections.join('\\n\\n')",
  },
  {
    name: 'instructions/fair',
    against: 'One server crowds out the instructions of all others.',
  },
  {
    name: 'mirrored/twice',
    against: 'A header that is sent twice is read differently by who stands between.',
    rule: 'MCP 2026-07-28, basic/transports',
  },
  {
    name: 'mirrored/undeclared',
    against: 'A header says what the arguments do not.',
    rule: 'MCP 2026-07-28, basic/transports',
    without: 'true',
  },
  {
    name: 'mirrored/differs',
    against: 'What stands between is shown other arguments than the server.',
    rule: 'MCP 2026-07-28, basic/transports',
    without: 'true',
  },
  {
    name: 'mirrored/token',
    against: 'An annotation with a line break becomes a header.',
  },
  {
    name: 'mirrored/twin',
    against: 'Two arguments stand in one header.',
  },
  {
    name: 'mirrored/prototype',
    against: 'A property called __proto__ pollutes the plan of all others.',
    without: '{}',
  },
];
