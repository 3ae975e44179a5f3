import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Response } from "miniflare";

/** A server-sent event with its JSON data. */
export interface StreamedEvent<T> {
  id: string;
  event: string;
  data: T;
}

/** A response of server-sent events, collected as they arrive. */
export class EventStream<T> {
  readonly events: StreamedEvent<T>[] = [];
  /** The Last-Event-ID of a client that reconnects. */
  lastEventId = "";
  hasEnded = false;
  private readonly reader;

  private constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
    const onId = (id: string) => {
      this.lastEventId = id;
    };
    this.reader = body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ onId, onError: "terminate" }))
      .getReader();
  }

  static open<T>({ status, body }: Response): EventStream<T> {
    if (status !== 200 || !body) {
      throw new Error(`no stream: ${status}`);
    }
    const stream = new EventStream<T>(body as ReadableStream<Uint8Array<ArrayBuffer>>);
    void stream.collect();
    return stream;
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.reader.cancel();
  }

  private async collect(): Promise<void> {
    for (;;) {
      const { done, value } = await this.reader.read();
      if (done) {
        this.hasEnded = true;
        return;
      }
      const { event = "message", data } = value;
      this.events.push({ id: this.lastEventId, event, data: JSON.parse(data) as T });
    }
  }
}
