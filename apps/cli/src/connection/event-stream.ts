/** Cuts a server-sent event stream into the data of its events (WHATWG HTML, 9.2.6). */
export class EventStream {
  #rest = '';
  #data: string[] = [];

  /** @returns The data of the events that this piece completes. */
  push(text: string): readonly string[] {
    // A CR at the end may be half of a CRLF: it waits.
    const whole = this.#rest + text;
    const end = whole.endsWith('\r') ? whole.length - 1 : whole.length;
    const lines = whole.slice(0, end).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + whole.slice(end);
    const events: string[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) events.push(this.#data.join('\n'));
        this.#data = [];
      } else if (line === 'data' || line.startsWith('data:')) {
        const value = line.slice('data:'.length);
        this.#data.push(value.startsWith(' ') ? value.slice(1) : value);
      }
    }
    return events;
  }
}
