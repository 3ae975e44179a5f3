import { readFileSync } from "node:fs";
import { Log, LogLevel } from "miniflare";

/** One JSON log line of a worker. */
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

/** The cost of one invocation. */
export interface Cost {
  worker: string;
  operation: string;
  roundTrips: number;
  rowsWritten: number;
  messagesSent: number;
}

/** An email that a worker sent. */
export interface Email {
  from: string;
  to: string;
  subject: string;
  text: string;
  /** Empty without an HTML part. */
  html: string;
  attachments: Attachment[];
}

export interface Attachment {
  name: string;
  bytes: Uint8Array;
}

/** Collects the console output of the workers. */
export class WorkerLog {
  readonly lines: LogLine[] = [];
  /** All output, including lines that are not JSON. */
  readonly texts: string[] = [];

  record(text: string): void {
    this.texts.push(text);
    try {
      this.lines.push(JSON.parse(text) as LogLine);
    } catch {
      // A message of the runtime.
    }
  }

  /** Returns the lines with these fields. */
  linesWith(fields: Partial<LogLine>): LogLine[] {
    const entries = Object.entries(fields);
    return this.lines.filter((line) => entries.every(([name, value]) => line[name] === value));
  }

  /**
   * Returns the cost of each invocation of a trace. Each line of a batch states the cost of the whole
   * batch, and these lines are consecutive: only one of them counts.
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
    operation: line.message === "request" ? requested : handled,
    roundTrips: line.d1_round_trips ?? 0,
    rowsWritten: line.d1_rows_written ?? 0,
    messagesSent: line.messages_sent ?? 0,
  };
}

/**
 * Collects the emails from the log of miniflare. It logs the header of each email, and the paths of
 * files with its parts, which exist until the stack stops.
 */
export class MiniflareLog extends Log {
  readonly emails: Email[] = [];

  constructor() {
    super(LogLevel.INFO);
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (message.includes("send_email binding called")) {
      this.emails.push(parseEmail(message));
    } else if (level <= LogLevel.WARN) {
      super.logWithLevel(level, message);
    }
  }
}

function parseEmail(announcement: string): Email {
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
