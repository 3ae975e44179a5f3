import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as it came. */
export interface Received {
  headers: Record<string, string>;
  body: Buffer;
  atMs: number;
  /** Whether the sender still waits for, or still reads, the answer. */
  isOpen: boolean;
  /** Bytes of the answer that the sender's side took. */
  answeredBytes: number;
}

type Answer = (response: ServerResponse, request: IncomingMessage, nth: number) => void;

/** What the gigabyte is made of. */
const CHUNK = Buffer.alloc(65_536, "x");
const GIGABYTE = 1_000_000_000;
/** A second more than an answer may take. */
const TOO_LATE_MS = 21_000;
const DRIP_EVERY_MS = 100;
/** What a Retry-After of this receiver asks for: over the first wait, under twice of it. */
export const RETRY_AFTER_S = 8;

/** How the receiver answers, by the first segment of the path. `nth` counts from 1, by path. */
const ANSWERS = {
  ok: status(204),
  "ok-with-text": status(200, {}, "thank you"),
  "ok-binary": status(200, {}, Buffer.from([0, 255, 254, 128, 10, 0, 195, 40])),
  "ok-headers-of-100-kb": status(200, { "x-long": "x".repeat(100_000) }, "thank you"),
  "ok-gigabyte": gigabyte,
  "ok-endless-drip": drip,
  "ok-closed-in-the-middle": closedInTheMiddle,
  "ok-after-one-500": (response, request, nth) =>
    (nth === 1 ? status(500) : status(204))(response, request, nth),
  "400": status(400, {}, "no"),
  "410": status(410, {}, "no more"),
  "429": status(429, { "retry-after": String(RETRY_AFTER_S) }),
  "429-for-an-hour": status(429, { "retry-after": "3600" }),
  "500": status(500, {}, "x".repeat(5_000)),
  "502": status(502),
  "503-until": (response) => {
    const until = new Date(Date.now() + RETRY_AFTER_S * 1_000).toUTCString();
    response.writeHead(503, { "retry-after": until }).end();
  },
  "redirect-to-itself": (response) => {
    response.writeHead(302, { location: "/ok/redirected" }).end();
  },
  "redirect-to-metadata": status(302, { location: "http://169.254.169.254/latest/meta-data/" }),
  garbage: (response) => response.socket?.end("SSH-2.0-OpenSSH_9.9\r\n"),
  "closed-without-an-answer": (response) => response.socket?.destroy(),
  "200-too-late": (response) => {
    const late = setTimeout(() => response.writeHead(200).end("sorry"), TOO_LATE_MS);
    response.on("close", () => clearTimeout(late));
  },
  // Reads the request, and says nothing.
  hangs: () => {},
} satisfies Record<string, Answer>;

export type Behaviour = keyof typeof ANSWERS;

/** A receiver of webhooks on loopback, that misbehaves where it is asked to, and keeps what came. */
export class Receiver {
  private readonly received = new Map<string, Received[]>();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, response) => void receiver.receive(request, response));
    server.on("connection", (socket) => {
      receiver.sockets.add(socket);
      // What is cut off while it is written to is what some answers are about.
      socket.on("error", () => {});
      socket.on("close", () => receiver.sockets.delete(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return receiver;
  }

  /** Ends every connection, answered or not. */
  hangUp(): void {
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resume) => this.server.close(resume));
  }

  /** The URL that is answered so. The name tells the requests apart. */
  url(behaviour: Behaviour, name = ""): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${behaviour}/${name}`;
  }

  /** What came to this URL. */
  at(url: string): Received[] {
    return this.received.get(new URL(url).pathname) ?? [];
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const writtenBefore = socket.bytesWritten;
    const received: Received = {
      headers: request.headers as Record<string, string>,
      body: Buffer.alloc(0),
      atMs: Date.now(),
      isOpen: true,
      answeredBytes: 0,
    };
    response.on("close", () => {
      received.isOpen = false;
      received.answeredBytes = socket.bytesWritten - writtenBefore;
    });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
    } catch {
      // Cut off before it was all here: no delivery.
      return;
    }
    received.body = Buffer.concat(chunks);
    const path = request.url ?? "";
    const before = this.received.get(path) ?? [];
    this.received.set(path, [...before, received]);
    const behaviour = path.split("/")[1] ?? "";
    (answerOf(behaviour) ?? status(404))(response, request, before.length + 1);
  }
}

function answerOf(behaviour: string): Answer | undefined {
  return (ANSWERS as Record<string, Answer>)[behaviour];
}

function status(
  code: number,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Answer {
  return (response) => void response.writeHead(code, headers).end(body);
}

/** As much as is taken, until it is a gigabyte. */
function gigabyte(response: ServerResponse): void {
  response.writeHead(200, { "content-length": GIGABYTE });
  let left = GIGABYTE;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      const chunk = CHUNK.subarray(0, left);
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}

/** A byte now and then, without end. */
function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write("."), DRIP_EVERY_MS);
  response.on("close", () => clearInterval(timer));
}

/** Less than its head promises. */
function closedInTheMiddle(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 1_000 });
  response.write("half of", () => response.socket?.end());
}
