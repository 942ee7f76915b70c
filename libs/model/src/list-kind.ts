/** What can be listed: `templates` are resource templates. */
export type ListKind = 'tools' | 'resources' | 'templates' | 'prompts';

/** Lists that have a `list_changed` notification: it speaks of resources and templates together. */
export type ChangeKind = 'tools' | 'resources' | 'prompts';
