import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RequestInit, Response, V4WorkerOptions } from "miniflare";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import {
  unstable_getMiniflareWorkerOptions as miniflareWorkerOptions,
  unstable_readConfig as readConfig,
  unstable_splitSqlQuery as splitSqlQuery,
} from "wrangler";
import { type Mail, MiniflareLog, WorkerLog } from "./output";

/** The workers; the first has the HTTP door. */
const WORKERS = ["api", "aggregation", "ai", "webhook"] as const;
/** What an operator of the test's stack shows. */
export const OPERATOR_TOKEN = "the operator of the tests";
/** What the keys of webhooks are sealed with, and the links that end mails are signed. */
export const SEALING_KEY = "5a".repeat(32);
/** An api that serves the same database and reaches no queue. */
const CUT_OFF_API = "bulktrack-api-without-queues";
const ORIGIN = "http://bulktrack.test";

// A local run gives secrets and variables by the environment; each worker takes those that its
// configuration names.
Object.assign(process.env, {
  OPERATOR_TOKEN,
  SEALING_KEY,
  ENVIRONMENT: "local",
  PUBLIC_URL: ORIGIN,
});

export type Consumer = "aggregation" | "ai" | "webhook";

/** What a consumer told its queue of a batch. */
export interface Decisions {
  outcome: string;
  ackAll: boolean;
  retryBatch: { retry: boolean; delaySeconds?: number };
  explicitAcks: string[];
  retryMessages: { msgId: string; delaySeconds?: number }[];
}

// miniflare's own types for these come from a package that it does not bring along.
interface WorkerHandle {
  fetch(url: string, init: RequestInit): Promise<Response>;
  queue(name: string, messages: (Message & { timestamp: Date })[]): Promise<Decisions>;
  scheduled(options: { cron: string }): Promise<unknown>;
}

interface Statement {
  bind(...values: (string | number | null)[]): Statement;
  first<T>(column: string): Promise<T | null>;
  run(): Promise<unknown>;
}

interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

/** A message as the platform would deliver it. */
export interface Message {
  id: string;
  attempts: number;
  body: unknown;
}

export interface RequestOptions {
  token?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  text?: string;
  headers?: Record<string, string>;
}

interface Options {
  migrated?: boolean;
  /** Variables that every worker has besides those of its configuration. */
  variables?: Record<string, string>;
  /** Other rate limits, by their bindings: the shipped ones are out of a test's reach. */
  callsAMinute?: Record<string, number>;
}

/** The four built workers with their shipped configurations, on queues and a database in memory. */
export class Stack {
  private constructor(
    private readonly miniflare: Miniflare,
    private readonly output: MiniflareLog,
    readonly log: WorkerLog,
    readonly database: Database,
  ) {}

  static async start({ migrated = true, variables, callsAMinute }: Options = {}): Promise<Stack> {
    const output = new MiniflareLog();
    const log = new WorkerLog();
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          ...WORKERS.map((name) => worker(name, variables)).map(limited(callsAMinute)),
          cutOffApi(),
        ],
        log: output,
        cf: false,
        handleStructuredLogs: ({ message }) => log.read(message),
      }),
    );
    await miniflare.ready;
    const database: Database = await miniflare.getD1Database("DB", "bulktrack-api");
    const stack = new Stack(miniflare, output, log, database);
    if (migrated) {
      await stack.migrate();
    }
    return stack;
  }

  async stop(): Promise<void> {
    await this.miniflare.dispose();
  }

  /** Applies the migrations as they are shipped. */
  async migrate(): Promise<void> {
    const folder = project("crates/storage/migrations/");
    const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
    for (const file of files.sort()) {
      const statements = splitSqlQuery(readFileSync(folder + file, "utf8"));
      await this.database.batch(statements.map((sql) => this.database.prepare(sql)));
    }
  }

  /** The mails sent so far. */
  get mails(): readonly Mail[] {
    return this.output.mails;
  }

  /** One HTTP request to the api. */
  request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    return this.miniflare.dispatchFetch(`${ORIGIN}${path}`, init(method, options));
  }

  /** One HTTP request to an api whose every send to a queue fails. */
  async requestWithoutQueues(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Response> {
    const api = await this.worker(CUT_OFF_API);
    return api.fetch(`${ORIGIN}${path}`, init(method, options));
  }

  /** The answer of an operator's GET. */
  async operatorGet<T>(path: string): Promise<T> {
    const response = await this.request("GET", path, { token: OPERATOR_TOKEN });
    if (response.status !== 200) {
      throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as T;
  }

  /** Puts a text on a queue, as an operator can. */
  async put(queue: string, text: string): Promise<void> {
    const path = `/v1/admin/queues/${queue}/messages`;
    const response = await this.request("POST", path, { token: OPERATOR_TOKEN, text });
    if (response.status !== 202) {
      throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    }
  }

  /**
   * Hands a batch to a consumer, past the queue, and answers what it decided. Meanwhile miniflare reads
   * no log: more lines than a pipe holds (64 KB, about 100 events that failed) and both wait for ever.
   */
  async deliver(consumer: Consumer, queue: string, messages: Message[]): Promise<Decisions> {
    const worker = await this.worker(`bulktrack-${consumer}`);
    const timestamp = new Date();
    return worker.queue(
      queue,
      messages.map((message) => ({ ...message, timestamp })),
    );
  }

  /** Lets the cron of the api strike. */
  async strikeCron(): Promise<void> {
    const api = await this.worker("bulktrack-api");
    await api.scheduled({ cron: "* * * * *" });
  }

  private async worker(name: string): Promise<WorkerHandle> {
    return (await this.miniflare.getWorker(name)) as unknown as WorkerHandle;
  }

  /** Takes a table away, does something, and puts the table back. */
  async without<T>(table: string, action: () => Promise<T>): Promise<T> {
    const rename = (from: string, to: string) =>
      this.database.prepare(`ALTER TABLE ${from} RENAME TO ${to}`).run();
    await rename(table, `${table}_away`);
    try {
      return await action();
    } finally {
      await rename(`${table}_away`, table);
    }
  }

  /** How many rows of a table an athlete has. */
  async rows(table: string, athleteId: string): Promise<number> {
    const count = await this.database
      .prepare(`SELECT count(*) AS rows FROM ${table} WHERE athlete_id = ?`)
      .bind(athleteId)
      .first<number>("rows");
    return count ?? 0;
  }
}

/** A worker as `wrangler deploy` would take it; what is built stands beside its entry point. */
function worker(
  name: (typeof WORKERS)[number],
  variables: Record<string, string> = {},
): V4WorkerOptions {
  const config = readConfig({ config: project(`wrangler/${name}.jsonc`) });
  // wrangler and miniflare describe the same options by different types.
  const options = miniflareWorkerOptions(config).workerOptions as V4WorkerOptions;
  const build = project(`workers/${name}/build/`);
  return {
    ...options,
    name: config.name,
    bindings: { ...options.bindings, ...variables },
    modulesRoot: build,
    modules: [
      { type: "ESModule", path: `${build}index.js` },
      { type: "CompiledWasm", path: `${build}index_bg.wasm` },
    ],
  } as V4WorkerOptions;
}

function limited(callsAMinute: Record<string, number> = {}) {
  return (options: V4WorkerOptions): V4WorkerOptions => {
    const limits = Object.entries(options.ratelimits ?? {}).map(([name, shipped]) => {
      const limit = callsAMinute[name];
      return [name, limit ? { ...shipped, simple: { limit, period: 60 as const } } : shipped];
    });
    return { ...options, ratelimits: Object.fromEntries(limits) };
  };
}

function cutOffApi(): V4WorkerOptions {
  return { ...worker("api"), name: CUT_OFF_API, queueProducers: {} };
}

function project(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

function init(method: string, { token, json, text, headers }: RequestOptions): RequestInit {
  const body = json === undefined ? text : JSON.stringify(json);
  return {
    method,
    body,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  };
}
