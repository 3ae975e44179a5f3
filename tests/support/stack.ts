import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RequestInit, Response, V4WorkerOptions } from "miniflare";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import {
  unstable_getMiniflareWorkerOptions as miniflareWorkerOptions,
  unstable_readConfig as readConfig,
  unstable_splitSqlQuery as splitSqlQuery,
} from "wrangler";
import { type ApiClient, createApiClient } from "./client";
import { contract } from "./contract";
import { type Email, MiniflareLog, WorkerLog } from "./output";

/** The workers; the first serves HTTP. */
const WORKERS = ["api", "aggregation", "ai", "webhook"] as const;
export const OPERATOR_TOKEN = "the operator of the tests";
/** Seals webhook keys and signs unsubscribe links. */
export const SEALING_KEY = "5a".repeat(32);
/** An api with the same databases and without queues. */
const API_WITHOUT_QUEUES = "bulktrack-api-without-queues";
const ORIGIN = "http://bulktrack.test";

// A local run passes secrets and variables in the environment; each worker gets those that its
// configuration names.
Object.assign(process.env, {
  OPERATOR_TOKEN,
  SEALING_KEY,
  ENVIRONMENT: "local",
  PUBLIC_URL: ORIGIN,
});

export type Consumer = "aggregation" | "ai" | "webhook";

/** The acknowledgements and retries of a batch, as the queue receives them. */
export interface Decisions {
  outcome: string;
  ackAll: boolean;
  retryBatch: { retry: boolean; delaySeconds?: number };
  explicitAcks: string[];
  retryMessages: { msgId: string; delaySeconds?: number }[];
}

// The types of miniflare for these are in a package that is not its dependency.
interface WorkerHandle {
  fetch(url: string, init: RequestInit): Promise<Response>;
  queue(name: string, messages: (Message & { timestamp: Date })[]): Promise<Decisions>;
  scheduled(options: { cron: string }): Promise<unknown>;
}

type Value = string | number | null;

interface Statement {
  bind(...values: Value[]): Statement;
  all<T>(): Promise<{ results: T[] }>;
}

interface D1 {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

/** A database in the configuration of a worker. */
interface D1Binding {
  binding: string;
  migrations_dir?: string;
}

/** A database with the files of its migrations. */
interface Database {
  d1: D1;
  migrations: string[];
}

/** A queue message, as the platform delivers it. */
export interface Message {
  id: string;
  attempts: number;
  body: unknown;
}

export interface RequestOptions {
  token?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent unchanged. */
  text?: string;
  headers?: Record<string, string>;
}

interface Options {
  migrated?: boolean;
  /** Variables of every worker, in addition to those of its configuration. */
  variables?: Record<string, string>;
  /**
   * Rate limits per minute by binding: a test cannot exceed those in production. `false` leaves the bindings
   * and the static pages out: each is a local request to another worker in miniflare.
   */
  rateLimits?: Record<string, number> | false;
  /** `false` leaves out all workers but the api: messages are accepted, and nothing consumes them. */
  consumers?: boolean;
  /** The folder of the databases; without one they are in memory. */
  folder?: string | undefined;
  /** Whether each worker logs a line `memory`, with the bytes of its wasm memory, after a batch and a sweep. */
  measuresMemory?: boolean;
}

/** The four built workers with their production configurations, on queues and databases in memory. */
export class Stack {
  private constructor(
    private readonly miniflare: Miniflare,
    private readonly output: MiniflareLog,
    readonly log: WorkerLog,
    private readonly databases: readonly Database[],
    /** The address of the api for a browser. */
    readonly url: string,
  ) {}

  static async start({
    migrated = true,
    variables,
    rateLimits,
    consumers = true,
    folder,
    measuresMemory = false,
  }: Options = {}): Promise<Stack> {
    const output = new MiniflareLog();
    const log = new WorkerLog();
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          ...WORKERS.slice(0, consumers ? undefined : 1)
            .map((name) =>
              measuresMemory ? withMemory(name, worker(name, variables)) : worker(name, variables),
            )
            .map(withRateLimits(rateLimits)),
          ...(consumers ? [apiWithoutQueues()] : []),
        ],
        log: output,
        cf: false,
        ...(folder === undefined ? {} : { d1Persist: folder }),
        handleStructuredLogs: ({ message }) => log.record(message),
      }),
    );
    const { origin } = await miniflare.ready;
    const databases = await openDatabases(miniflare);
    const stack = new Stack(miniflare, output, log, databases, origin);
    if (migrated) {
      await stack.migrate();
    }
    return stack;
  }

  async stop(): Promise<void> {
    await this.miniflare.dispose();
  }

  /** Applies all migrations to each database. */
  async migrate(): Promise<void> {
    const migrate = async ({ d1, migrations }: Database) => {
      for (const file of migrations) {
        const statements = splitSqlQuery(readFileSync(file, "utf8"));
        await d1.batch(statements.map((sql) => d1.prepare(sql)));
      }
    };
    await Promise.all(this.databases.map(migrate));
  }

  /** All emails so far. */
  get emails(): readonly Email[] {
    return this.output.emails;
  }

  /** Sends a request to the api. A response that is not as documented is an error. */
  request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    return this.dispatch(`${ORIGIN}${path}`, init(method, options));
  }

  /** Sends a request whose response is the platform's own, when the worker is down. */
  requestWorkerDown(method: string, path: string, options: RequestOptions): Promise<Response> {
    return this.miniflare.dispatchFetch(`${ORIGIN}${path}`, init(method, options));
  }

  private async dispatch(url: string, init: RequestInit & { method: string }): Promise<Response> {
    const response = await this.miniflare.dispatchFetch(url, init);
    await contract().check(init.method, url, response);
    return response;
  }

  /** Returns a typed client with a key or the operator token. */
  api(token?: string): ApiClient {
    const fetch = async (request: globalThis.Request) => {
      const { method, url } = request;
      const headers = Object.fromEntries(request.headers);
      const response = await this.dispatch(url, {
        method,
        headers,
        body: (await request.text()) || undefined,
      });
      // miniflare has its own class for the same interface.
      return response as unknown as globalThis.Response;
    };
    return createApiClient(ORIGIN, token, fetch);
  }

  /** Sends a request to an api that cannot send to any queue. */
  async requestWithoutQueues(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Response> {
    const api = await this.worker(API_WITHOUT_QUEUES);
    const url = `${ORIGIN}${path}`;
    const response = await api.fetch(url, init(method, options));
    await contract().check(method, url, response);
    return response;
  }

  /** Returns the JSON of an operator's GET. */
  async operatorGet<T>(path: string): Promise<T> {
    const response = await this.request("GET", path, { token: OPERATOR_TOKEN });
    if (response.status !== 200) {
      throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as T;
  }

  /** Sends a message to a queue by the operator API. */
  async enqueue(queue: string, text: string): Promise<void> {
    const path = `/v1/admin/queues/${queue}/messages`;
    const response = await this.request("POST", path, { token: OPERATOR_TOKEN, text });
    if (response.status !== 202) {
      throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    }
  }

  /**
   * Passes a batch to a consumer without a queue, and returns its decisions. Meanwhile miniflare reads
   * no log: with more lines than a pipe holds (64 KB, about 100 failed events) both wait for ever.
   */
  async deliver(consumer: Consumer, queue: string, messages: Message[]): Promise<Decisions> {
    const worker = await this.worker(`bulktrack-${consumer}`);
    const timestamp = new Date();
    return worker.queue(
      queue,
      messages.map((message) => ({ ...message, timestamp })),
    );
  }

  /** Runs the cron handler of the api. */
  async runCron(): Promise<void> {
    const api = await this.worker("bulktrack-api");
    await api.scheduled({ cron: "* * * * *" });
  }

  private async worker(name: string): Promise<WorkerHandle> {
    return (await this.miniflare.getWorker(name)) as unknown as WorkerHandle;
  }

  /** Runs an action while no database has a table. */
  async withoutTable<T>(table: string, action: () => Promise<T>): Promise<T> {
    const rename = (from: string, to: string) => this.query(`ALTER TABLE ${from} RENAME TO ${to}`);
    await rename(table, `${table}_renamed`);
    try {
      return await action();
    } finally {
      await rename(`${table}_renamed`, table);
    }
  }

  /** Returns the number of rows that an athlete has in a table. */
  async countRows(table: string, athleteId: string): Promise<number> {
    return (await this.query(`SELECT 1 FROM ${table} WHERE athlete_id = ?`, athleteId)).length;
  }

  /** Returns the number of the database of an athlete: the last byte of the id chooses it. */
  databaseOf(athleteId: string): number {
    return Number.parseInt(athleteId.slice(-2), 16) % (this.databases.length - 1);
  }

  /** Runs a statement in each database that has its tables. Returns the rows of all. */
  async query<T>(sql: string, ...values: Value[]): Promise<T[]> {
    const run = async ({ d1 }: Database) => {
      try {
        const statement = d1.prepare(sql).bind(...values);
        return (await statement.all<T>()).results;
      } catch (error) {
        if (String(error).includes("no such table")) {
          return undefined;
        }
        throw error;
      }
    };
    const results = await Promise.all(this.databases.map(run));
    if (results.every((rows) => rows === undefined)) {
      throw new Error(`no database has the tables of ${sql}`);
    }
    return results.flatMap((rows) => rows ?? []);
  }
}

/** Returns a worker as `wrangler deploy` would upload it. */
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

/** Returns a worker that logs its wasm memory: modules around the built ones, which are as deployed. */
function withMemory(name: string, options: V4WorkerOptions): V4WorkerOptions {
  const { modules, modulesRoot } = options as { modules: object[]; modulesRoot: string };
  const observe = `
    const { Instance } = WebAssembly;
    WebAssembly.Instance = class extends Instance {
      constructor(...args) {
        super(...args);
        globalThis.wasmMemory = this.exports.memory;
      }
    };`;
  const main = `
    import "./observe.js";
    import Worker from "./index.js";
    const observed = async (result) => {
      try {
        return await result;
      } finally {
        const { byteLength: bytes } = globalThis.wasmMemory.buffer;
        console.log(JSON.stringify({ level: "info", message: "memory", worker: "${name}", bytes }));
      }
    };
    export default class extends Worker {
      queue(batch) {
        return observed(super.queue(batch));
      }
      scheduled(event) {
        return observed(super.scheduled(event));
      }
    }`;
  return {
    ...options,
    modules: [
      { type: "ESModule", path: `${modulesRoot}main.js`, contents: main },
      { type: "ESModule", path: `${modulesRoot}observe.js`, contents: observe },
      ...modules,
    ],
  } as V4WorkerOptions;
}

/** Opens the databases of the api's configuration, which are those of every worker. */
function openDatabases(miniflare: Miniflare): Promise<Database[]> {
  const config = readConfig({ config: project("wrangler/api.jsonc") });
  return Promise.all(
    config.d1_databases.map(async ({ binding, migrations_dir }: D1Binding) => {
      const folder = project(`wrangler/${migrations_dir}/`);
      const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
      const d1: D1 = await miniflare.getD1Database(binding, "bulktrack-api");
      return { d1, migrations: files.sort().map((file) => folder + file) };
    }),
  );
}

function withRateLimits(rateLimits: Record<string, number> | false = {}) {
  return (options: V4WorkerOptions): V4WorkerOptions => {
    if (rateLimits === false) {
      const { assets: _, ...rest } = options as Record<string, unknown>;
      return { ...rest, ratelimits: {} } as V4WorkerOptions;
    }
    const limits = Object.entries(options.ratelimits ?? {}).map(([name, shipped]) => {
      const limit = rateLimits[name];
      return [name, limit ? { ...shipped, simple: { limit, period: 60 as const } } : shipped];
    });
    return { ...options, ratelimits: Object.fromEntries(limits) };
  };
}

function apiWithoutQueues(): V4WorkerOptions {
  return { ...worker("api"), name: API_WITHOUT_QUEUES, queueProducers: {} };
}

function project(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

function init(method: string, { token, json, text, headers }: RequestOptions) {
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
