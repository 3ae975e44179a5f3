import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request to the receiver. */
export interface ReceivedRequest {
  headers: Record<string, string>;
  body: Buffer;
  atMs: number;
  /** Whether the sender still waits for the response, or reads it. */
  isOpen: boolean;
  /** Bytes of the response that the socket accepted. */
  responseBytes: number;
}

type Responder = (response: ServerResponse, request: IncomingMessage, nth: number) => void;

const CHUNK = Buffer.alloc(65_536, "x");
const GIGABYTE = 1_000_000_000;
/** One second over the limit of the sender. */
const TOO_LATE_MS = 21_000;
const DRIP_EVERY_MS = 100;
/** The Retry-After of this receiver: longer than the first delay, shorter than twice that delay. */
export const RETRY_AFTER_S = 8;

/** The responses by the first segment of the path. `nth` is the number of the request to its path, from 1. */
const RESPONDERS = {
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
  "closed-without-a-response": (response) => response.socket?.destroy(),
  "200-too-late": (response) => {
    const late = setTimeout(() => response.writeHead(200).end("sorry"), TOO_LATE_MS);
    response.on("close", () => clearTimeout(late));
  },
  // Reads the request and never responds.
  hangs: () => {},
} satisfies Record<string, Responder>;

export type Behaviour = keyof typeof RESPONDERS;

/** A webhook receiver on loopback. It stores all requests, and misbehaves on request. */
export class Receiver {
  private readonly received = new Map<string, ReceivedRequest[]>();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on("request", (request, response) => void receiver.receive(request, response));
    server.on("connection", (socket) => {
      receiver.sockets.add(socket);
      // Some behaviours end the connection during a write.
      socket.on("error", () => {});
      socket.on("close", () => receiver.sockets.delete(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return receiver;
  }

  /** Closes every connection, with or without a response. */
  closeConnections(): void {
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    this.closeConnections();
    await new Promise((resume) => this.server.close(resume));
  }

  /** Returns the URL of a behaviour. The name identifies its requests. */
  url(behaviour: Behaviour, name = ""): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${behaviour}/${name}`;
  }

  /** Returns the requests to this URL. */
  requestsTo(url: string): ReceivedRequest[] {
    return this.received.get(new URL(url).pathname) ?? [];
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const writtenBefore = socket.bytesWritten;
    const received: ReceivedRequest = {
      headers: request.headers as Record<string, string>,
      body: Buffer.alloc(0),
      atMs: Date.now(),
      isOpen: true,
      responseBytes: 0,
    };
    response.on("close", () => {
      received.isOpen = false;
      received.responseBytes = socket.bytesWritten - writtenBefore;
    });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
    } catch {
      // An incomplete request is not a delivery.
      return;
    }
    received.body = Buffer.concat(chunks);
    const path = request.url ?? "";
    const before = this.received.get(path) ?? [];
    this.received.set(path, [...before, received]);
    const behaviour = path.split("/")[1] ?? "";
    (responderOf(behaviour) ?? status(404))(response, request, before.length + 1);
  }
}

function responderOf(behaviour: string): Responder | undefined {
  return (RESPONDERS as Record<string, Responder>)[behaviour];
}

function status(
  code: number,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Responder {
  return (response) => void response.writeHead(code, headers).end(body);
}

/** Writes a gigabyte, as fast as the sender reads it. */
function gigabyte(response: ServerResponse): void {
  response.writeHead(200, { "content-length": GIGABYTE });
  let remaining = GIGABYTE;
  const writeMore = () => {
    while (remaining > 0 && !response.destroyed) {
      const chunk = CHUNK.subarray(0, remaining);
      remaining -= chunk.length;
      if (!response.write(chunk)) {
        response.once("drain", writeMore);
        return;
      }
    }
    response.end();
  };
  writeMore();
}

/** Writes a byte every 100 ms, without end. */
function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write("."), DRIP_EVERY_MS);
  response.on("close", () => clearInterval(timer));
}

/** Writes less than the Content-Length. */
function closedInTheMiddle(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 1_000 });
  response.write("half of", () => response.socket?.end());
}
