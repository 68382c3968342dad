/** Server-sent events of a response, one after the other: `{ id, data }`. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      yield* parser.take(value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Takes a stream's text in pieces that may end anywhere. */
export class EventParser {
  #rest = '';
  #id;
  #data = [];

  /** The events that are whole with this piece. */
  *take(piece) {
    const lines = (this.#rest + piece).split(/\r\n|\n/);
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line !== '') {
        this.#line(line);
      } else if (this.#data.length > 0) {
        yield { id: this.#id, data: this.#data.join('\n') };
        this.#data = [];
      }
    }
  }

  #line(line) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') {
      this.#data.push(value);
    } else if (name === 'id') {
      this.#id = value;
    }
  }
}
