import type { Response } from "miniflare";

/** An event as it came, its data read. */
export interface StreamedEvent<T> {
  id: string;
  event: string;
  data: T;
}

/** An answer of server-sent events, read as it comes (HTML standard, 9.2.6). */
export class EventStream<T> {
  readonly events: StreamedEvent<T>[] = [];
  /** What a client that comes back sends as Last-Event-ID. */
  lastEventId = "";
  /** Whether it is over. */
  ended = false;

  private constructor(private readonly reader: ReadableStreamDefaultReader<Uint8Array>) {}

  static of<T>(response: Response): EventStream<T> {
    if (response.status !== 200 || !response.body) {
      throw new Error(`no stream: ${response.status}`);
    }
    const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    const stream = new EventStream<T>(reader);
    void stream.read();
    return stream;
  }

  /** Hangs up. */
  async close(): Promise<void> {
    await this.reader.cancel();
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await this.reader.read();
      if (done) {
        this.ended = true;
        return;
      }
      const blocks = (text + decoder.decode(value, { stream: true })).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        this.take(block);
      }
    }
  }

  private take(block: string): void {
    const fields = block.split("\n").map((line): [string, string] => {
      const [name = "", ...value] = line.split(": ");
      return [name, value.join(": ")];
    });
    const { id, event, data } = Object.fromEntries(fields) as Record<string, string | undefined>;
    this.lastEventId = id ?? this.lastEventId;
    if (data !== undefined) {
      this.events.push({ id: this.lastEventId, event: event ?? "message", data: JSON.parse(data) });
    }
  }
}
