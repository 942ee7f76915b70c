/** The lists of a server, in the order in which they are shown; `templates` are resource templates. */
export const LIST_KINDS = ['tools', 'resources', 'templates', 'prompts'] as const;

/** What can be listed. */
export type ListKind = (typeof LIST_KINDS)[number];

/** Lists that have a `list_changed` notification: it speaks of resources and templates together. */
export type ChangeKind = 'tools' | 'resources' | 'prompts';
