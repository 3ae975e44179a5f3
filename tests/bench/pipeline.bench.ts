import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Athlete, startedAt } from "../support/athlete";
import { typicalWorkout } from "../support/costs";
import { eventually } from "../support/eventually";
import { nativeBench } from "../support/native-bench";
import type { LogLine } from "../support/output";
import { Stack } from "../support/stack";

const CONNECTIONS = 8;
const ATHLETES = 20;
const WORKOUTS = 300;
/** Uncounted workouts: the first calls compile code and fill caches. */
const WARM_UP_WORKOUTS = 40;
const DATABASES = [1, 2, 4, 8] as const;
const TIMEOUT_MS = 300_000;
const POLL_MS = 100;
/** The queues deliver an incomplete batch after this time: those of aggregation, ai and webhook. */
const BATCH_WAITS_S = [1, 5, 2];

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ rateLimits: false });
});

afterAll(() => stack?.stop());

it("workouts a second through all four workers", async () => {
  const athletes = await Promise.all(Array.from({ length: ATHLETES }, () => Athlete.create(stack)));
  await run(athletes, WARM_UP_WORKOUTS, 200);
  const before = stack.log.lines.length;
  const { postedS, aggregatedS, handledS } = await run(athletes, WORKOUTS, 100);
  const lines = stack.log.lines.slice(before);
  console.table({
    "all posted": rate(postedS),
    "all aggregated (pending 0)": rate(aggregatedS),
    "all messages handled": rate(handledS),
  });
  console.table(shares(lines));
  console.log(
    `${CONNECTIONS} connections, ${ATHLETES} athletes, all workers in one process. The local queue broker ` +
      `is serial: one batch of a queue at a time, where the platform runs several. The last batch of each ` +
      `queue waits ${BATCH_WAITS_S.join(", ")} s: they end "all messages handled". ` +
      "A request's ms include its wait for the others that are open.",
  );
  const ms = Object.values(nativeBench<Record<string, number>>("sql")).reduce((a, b) => a + b, 0);
  console.log(
    `A database runs one statement at a time. With ${ms.toFixed(2)} ms of SQL a workout (cargo xtask bench ` +
      "sql), these are the most workouts a second:",
  );
  console.table(
    Object.fromEntries(
      DATABASES.map((count) => [
        `${count} database(s)`,
        { "workouts/s": Math.round((1_000 / ms) * count) },
      ]),
    ),
  );
  expect(aggregatedS).toBeGreaterThanOrEqual(postedS);
});

interface Times {
  postedS: number;
  aggregatedS: number;
  handledS: number;
}

/** Posts workouts and waits until every worker is done. Returns the times since the first POST. */
async function run(athletes: Athlete[], count: number, daysAgo: number): Promise<Times> {
  const startMs = performance.now();
  const elapsedS = () => (performance.now() - startMs) / 1_000;
  let next = 0;
  const post = async () => {
    while (next < count) {
      const n = next++;
      const started_at = startedAt(daysAgo - 2 * Math.floor(n / athletes.length));
      const ended_at = new Date(Date.parse(started_at) + 1_800_000).toISOString();
      const workout = { ...typicalWorkout(), started_at, ended_at };
      await athletes[n % athletes.length]?.post(workout, { "idempotency-key": randomUUID() });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, post));
  const postedS = elapsedS();
  for (const athlete of athletes) {
    await athlete.aggregatedWeek(startedAt(daysAgo), TIMEOUT_MS);
  }
  const aggregatedS = elapsedS();
  await eventually("no message waits", unhandled, (waiting) => waiting === 0, TIMEOUT_MS, POLL_MS);
  return { postedS, aggregatedS, handledS: elapsedS() };
}

/** Returns the messages that were sent and not handled. */
function unhandled(): number {
  const handled = stack.log.linesWith({ message: "event" }).length;
  return (
    invocations(stack.log.lines).reduce((sent, line) => sent + (line.messages_sent ?? 0), 0) -
    handled
  );
}

/** Returns one line of each invocation: every line of a batch states the cost of the whole batch. */
function invocations(lines: readonly LogLine[]): LogLine[] {
  const found: LogLine[] = [];
  for (const worker of ["api", "aggregation", "ai", "webhook"]) {
    const own = lines.filter(
      (line) => line.worker === worker && (line.message === "request" || line.message === "event"),
    );
    for (let next = 0; next < own.length; next += own[next]?.batch_size ?? 1) {
      found.push(own[next] as LogLine);
    }
  }
  return found;
}

function rate(seconds: number) {
  return { seconds: round(seconds), "workouts/s": round(WORKOUTS / seconds) };
}

/** Returns what each worker did for a workout, waits for the database and other workers included. */
function shares(lines: LogLine[]): Record<string, Record<string, number>> {
  const isPolling = (line: LogLine) => line.message === "request" && line.method !== "POST";
  const all = invocations(lines).filter((line) => !isPolling(line));
  const totalMs = all.reduce((ms, line) => ms + durationMs(line), 0);
  const share = (worker: string) => {
    const own = all.filter((line) => line.worker === worker);
    const ms = own.reduce((ms, line) => ms + durationMs(line), 0);
    const total = (field: "d1_round_trips" | "d1_rows_written") =>
      own.reduce((count, line) => count + (line[field] ?? 0), 0);
    return {
      "invocations a workout": round(own.length / WORKOUTS),
      "ms a workout": round(ms / WORKOUTS),
      "share, %": round((100 * ms) / totalMs),
      "round trips": round(total("d1_round_trips") / WORKOUTS),
      "rows written": round(total("d1_rows_written") / WORKOUTS),
    };
  };
  return Object.fromEntries(
    ["api", "aggregation", "ai", "webhook"].map((worker) => [worker, share(worker)]),
  );
}

function durationMs(line: LogLine): number {
  return Number(line.duration_ms ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
