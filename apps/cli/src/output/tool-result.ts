import { isJsonObject, member, textMember, type JsonObject } from './json-value.ts';

/** Something in a result that is bytes. */
export interface Media {
  readonly mimeType: string;
  readonly base64: string;
}

/** A part of what is shown of a result, in its order. */
export type ResultPart =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'media'; readonly media: Media };

/**
 * A tool's result as parts to print: texts as they are, media apart, what is neither as one line of JSON.
 * Structured content shows when no text does, because servers repeat it as text for older clients (MCP
 * 2026-07-28, server/tools, "Structured Content").
 */
export function resultParts(result: JsonObject): readonly ResultPart[] {
  const { content, structuredContent } = result;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  const parts = blocks.map((block) => partOf(block));
  const hasText = blocks.some((block) => textMember(block, 'type') === 'text');
  if (hasText || structuredContent === undefined) return parts;
  return [...parts, { kind: 'text', text: JSON.stringify(structuredContent, null, 2) }];
}

function partOf(block: unknown): ResultPart {
  const type = textMember(block, 'type');
  const text = textMember(block, 'text');
  const data = textMember(block, 'data');
  if (type === 'text' && text !== undefined) return { kind: 'text', text };
  if ((type === 'image' || type === 'audio') && data !== undefined)
    return { kind: 'media', media: { mimeType: mimeTypeOf(block), base64: data } };
  if (type === 'resource') return resourcePart(member(block, 'resource'));
  if (type === 'resource_link')
    return {
      kind: 'text',
      text: `[${textMember(block, 'name') ?? 'resource'}: ${textMember(block, 'uri') ?? ''}]`,
    };
  return { kind: 'text', text: JSON.stringify(block) };
}

function resourcePart(resource: unknown): ResultPart {
  const text = textMember(resource, 'text');
  if (text !== undefined) return { kind: 'text', text };
  const blob = textMember(resource, 'blob');
  if (blob !== undefined) return { kind: 'media', media: { mimeType: mimeTypeOf(resource), base64: blob } };
  return { kind: 'text', text: JSON.stringify(resource) ?? '' };
}

function mimeTypeOf(value: unknown): string {
  return textMember(value, 'mimeType') ?? 'application/octet-stream';
}

/** Stands for media that are not saved: `[image/png 1.2 KB]`. */
export function mediaLine({ mimeType, base64 }: Media): string {
  const bytes = Buffer.from(base64, 'base64').length;
  return `[${mimeType} ${bytes < 1_000 ? `${bytes} B` : bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`}]`;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/gzip': 'gz',
};

/** A file name of our own making: nothing that a server says gets into a path. */
export function mediaFileName(tool: string, number: number, { mimeType }: Media): string {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? '';
  const extension = Object.hasOwn(EXTENSIONS, type) ? EXTENSIONS[type] : 'bin';
  return `${tool.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64)}-${number}.${extension}`;
}

/** What a tool wants to be told before it goes on, one line each: the messages of its input requests. */
export function inputQuestions(result: JsonObject): readonly string[] {
  const { inputRequests } = result;
  if (!isJsonObject(inputRequests)) return [];
  return Object.values(inputRequests).map((request) => {
    const method = textMember(request, 'method') ?? 'input';
    const message = textMember(member(request, 'params'), 'message');
    return message === undefined ? method : `${method}: ${message}`;
  });
}
