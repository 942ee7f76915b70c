import type { ChunkSink, ResponseHead } from '@omni/model';

/** Most links that are taken from one result. */
const MAX_LINKS = 1000;
const MARK = '"resource_link"';
/**
 * How far from the mark the URI of a link is looked for: what stands between are its name, title and
 * description.
 */
const REACH = 8 * 1024;
const URI = /"uri"\s*:\s*("(?:[^"\\]|\\.){1,8192}")/g;

/**
 * Passes an answer on and spots the resources that it points at, without ever having it whole.
 *
 * What it finds may be too much, never another server's: a URI that stands near a link counts as linked, and
 * only says whom to ask for it.
 */
export class ResourceLinkScanner implements ChunkSink {
  readonly #chunks: ChunkSink;
  readonly #onResourceLinks: (uris: readonly string[]) => void;
  readonly #decoder = new TextDecoder();
  readonly #uris = new Set<string>();
  /** The end of what has come, in which a mark may be cut or may still reach forward. */
  #tail = '';

  constructor(chunks: ChunkSink, onResourceLinks: (uris: readonly string[]) => void) {
    this.#chunks = chunks;
    this.#onResourceLinks = onResourceLinks;
  }

  onResponseHead(head: ResponseHead): void {
    this.#chunks.onResponseHead(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    const text = this.#tail + this.#decoder.decode(bytes, { stream: true });
    this.#look(text);
    // Long enough for a link whose mark is at the very end: what belongs to it may stand on both sides.
    this.#tail = text.slice(-2 * REACH);
    return this.#chunks.onChunk(bytes);
  }

  onResponseEnd(): void {
    if (this.#uris.size > 0) this.#onResourceLinks([...this.#uris]);
    this.#chunks.onResponseEnd();
  }

  #look(text: string): void {
    let from = 0;
    for (
      let mark = text.indexOf(MARK);
      mark >= 0 && this.#uris.size < MAX_LINKS;
      mark = text.indexOf(MARK, from)
    ) {
      // Marks within these dependencies are looked at together with this one.
      from = mark + REACH;
      this.#take(text.slice(Math.max(0, mark - REACH), from + REACH));
    }
  }

  #take(dependencies: string): void {
    for (const [, literal = '""'] of dependencies.matchAll(URI)) {
      if (this.#uris.size >= MAX_LINKS) return;
      try {
        const uri: unknown = JSON.parse(literal);
        if (typeof uri === 'string') this.#uris.add(uri);
      } catch {
        // An escape that JSON does not have: the client will say what it thinks of it.
      }
    }
  }
}
