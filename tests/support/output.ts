import { readFileSync } from "node:fs";
import { Log, LogLevel } from "miniflare";

/** One JSON line of a worker. */
export interface LogLine {
  /** "request", "event", "dead letter", "sweep", … */
  message: string;
  level: string;
  worker?: string;
  queue?: string;
  trace_id?: string;
  event_id?: string;
  event_type?: string;
  athlete_id?: string;
  attempt?: number;
  outcome?: string;
  reason?: string;
  batch_size?: number;
  d1_round_trips?: number;
  d1_rows_written?: number;
  messages_sent?: number;
  [field: string]: unknown;
}

/** What one invocation cost. */
export interface Cost {
  worker: string;
  of: string;
  roundTrips: number;
  rowsWritten: number;
  messagesSent: number;
}

/** A mail that a worker has sent. */
export interface Mail {
  from: string;
  to: string;
  subject: string;
  text: string;
  /** "" when it has none. */
  html: string;
  attachments: Attachment[];
}

/** A file that goes with a mail. */
export interface Attachment {
  name: string;
  bytes: Uint8Array;
}

/** Takes up what the workers write to the console. */
export class WorkerLog {
  readonly lines: LogLine[] = [];
  /** Everything written, lines that are no JSON too. */
  readonly texts: string[] = [];

  read(text: string): void {
    this.texts.push(text);
    try {
      this.lines.push(JSON.parse(text) as LogLine);
    } catch {
      // The runtime's own words.
    }
  }

  /** The lines that have these fields. */
  with(fields: Partial<LogLine>): LogLine[] {
    const wanted = Object.entries(fields);
    return this.lines.filter((line) => wanted.every(([name, value]) => line[name] === value));
  }

  /**
   * What a trace cost, invocation by invocation. Each line of a batch shows the cost of the whole
   * batch, and the lines of a batch stand together: one of them counts.
   */
  costsOf(traceId: string): Cost[] {
    const costs: Cost[] = [];
    for (const worker of ["api", "aggregation", "ai", "webhook"]) {
      const lines = this.lines.filter((line) => line.worker === worker && isInvocation(line));
      for (let next = 0; next < lines.length; ) {
        const batch = lines.slice(next, next + (lines[next]?.batch_size ?? 1));
        next += batch.length;
        const first = batch.find((line) => line.trace_id === traceId);
        if (first) {
          costs.push(cost(worker, first, batch));
        }
      }
    }
    return costs;
  }
}

function isInvocation(line: LogLine): boolean {
  return line.message === "request" || line.message === "event";
}

function cost(worker: string, line: LogLine, batch: LogLine[]): Cost {
  const requested = `${String(line.method)} ${String(line.route)}`;
  const handled = batch.map((event) => event.event_type).join(" + ");
  return {
    worker,
    of: line.message === "request" ? requested : handled,
    roundTrips: line.d1_round_trips ?? 0,
    rowsWritten: line.d1_rows_written ?? 0,
    messagesSent: line.messages_sent ?? 0,
  };
}

/**
 * The log of miniflare itself. It tells of each simulated mail: the head in words, but for the
 * further headers, and the files with the parts, which are gone when the stack stops.
 */
export class MiniflareLog extends Log {
  readonly mails: Mail[] = [];

  constructor() {
    super(LogLevel.INFO);
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (message.includes("send_email binding called")) {
      this.mails.push(parseMail(message));
    } else if (level <= LogLevel.WARN) {
      super.logWithLevel(level, message);
    }
  }
}

function parseMail(announcement: string): Mail {
  const field = (name: string): string =>
    announcement.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1] ?? "";
  const html = field("HTML");
  const attachments = announcement.matchAll(/^Attachment \(\w+\): (.*) -> (.*)$/gm);
  return {
    from: field("From"),
    to: field("To"),
    subject: field("Subject"),
    text: readFileSync(field("Text"), "utf8"),
    html: html && readFileSync(html, "utf8"),
    attachments: [...attachments].map(([, name = "", file = ""]) => ({
      name,
      bytes: readFileSync(file),
    })),
  };
}
