import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { event, message, workoutCompleted } from "./support/events";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

const PATH = "/v1/admin/pipeline";
/** Metrics are written with a delay of up to ten seconds. */
const METRICS_TIMEOUT_MS = 30_000;
const COMPLETED = "bulktrack.WorkoutCompleted.v1";

interface Flow {
  queue: string;
  type: string | null;
  handled: number;
  retried: number;
  dead_lettered: number;
  latency_ms: { p50: number | null; p95: number | null };
}

interface Health {
  items: Flow[];
  dead_letters: { queue: string; open: number; waiting: number; oldest_age_s: number }[];
  pending: { workouts: number; oldest_at: string | null; oldest_age_s: number | null };
}

// A separate stack: events of other tests would be counted too.
let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
  athlete = await Athlete.create(stack);
});

afterAll(() => stack?.stop());

const health = () => stack.operatorGet<Health>(PATH);

const flow = ({ items }: Health, queue: string, type: string | null) =>
  items.find((item) => item.queue === queue && item.type === type);

describe("the results of a batch", () => {
  it("are counted by queue and type after the batch", async () => {
    const batch = Array.from({ length: 20 }, () => message(workoutCompleted(athlete.id)));
    const garbage = message("garbage");
    const startMs = Date.now();
    await stack.deliver("aggregation", "volume-aggregation", [...batch, garbage]);
    expect(Date.now() - startMs).toBeLessThan(5_000);
    const counted = await eventually(
      "20 workouts and garbage",
      health,
      (seen) =>
        flow(seen, "volume-aggregation", COMPLETED)?.handled === 20 &&
        flow(seen, "volume-aggregation", null)?.dead_lettered === 1,
      METRICS_TIMEOUT_MS,
    );
    const completed = flow(counted, "volume-aggregation", COMPLETED);
    expect(completed).toMatchObject({ retried: 0, dead_lettered: 0 });
    expect(completed?.latency_ms.p50).toBeGreaterThan(0);
    expect(completed?.latency_ms.p95).toBeLessThan(60_000);
  });

  it("include retries and dead letters", async () => {
    const failing = (attempt: number) =>
      stack.withoutTable("volume_ledger", () =>
        stack.deliver("aggregation", "volume-aggregation", [
          message(workoutCompleted(athlete.id), attempt),
        ]),
      );
    await failing(1);
    await failing(4);
    const counted = await eventually(
      "a retry and a dead letter",
      health,
      (seen) => {
        const completed = flow(seen, "volume-aggregation", COMPLETED);
        return completed?.retried === 1 && completed.dead_lettered === 1;
      },
      METRICS_TIMEOUT_MS,
    );
    expect(flow(counted, "volume-aggregation", COMPLETED)?.handled).toBe(20);
  });

  it("are one row for each minute and type", async () => {
    const before = await rows();
    const events = Array.from({ length: 50 }, () => event("AggregationUpdated", athlete.id));
    for (let next = 0; next < events.length; next += 10) {
      const batch = events.slice(next, next + 10).map((body) => message(body));
      await stack.deliver("ai", "ai-analysis", batch);
    }
    await eventually(
      "50 aggregates",
      health,
      (seen) => (flow(seen, "ai-analysis", "bulktrack.AggregationUpdated.v1")?.handled ?? 0) >= 50,
      METRICS_TIMEOUT_MS,
    );
    // At most three minutes with the few types of events that a pattern causes.
    expect((await rows()) - before).toBeLessThanOrEqual(15);
  });
});

it("open dead letters have the age of the oldest", async () => {
  const seen = await eventually("open dead letters", health, ({ dead_letters }) =>
    dead_letters.some(({ open }) => open > 0),
  );
  expect(seen.dead_letters[0]?.oldest_age_s).toBeGreaterThanOrEqual(0);
});

it("pending workouts have the age of the oldest", async () => {
  await eventually("no pending workouts", health, ({ pending }) => pending.workouts === 0);
  await stack.withoutTable("volume_ledger", async () => {
    await athlete.post({
      started_at: new Date(Date.now() - 3_600_000).toISOString(),
      ended_at: new Date().toISOString(),
      exercises: [{ exercise: "pull-up", sets: [{ kind: "working", reps: 5 }] }],
    });
    const seen = await eventually(
      "one pending workout",
      health,
      ({ pending }) => pending.workouts === 1 && (pending.oldest_age_s ?? 0) >= 1,
    );
    expect(Date.parse(seen.pending.oldest_at ?? "")).toBeLessThan(Date.now());
  });
});

async function rows(): Promise<number> {
  return (await stack.query("SELECT 1 FROM pipeline_minutes")).length;
}
