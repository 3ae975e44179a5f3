import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, workout } from "./support/athlete";
import { awaitDeadLetters } from "./support/dead-letters";
import { eventually } from "./support/eventually";
import { message, workoutCompleted } from "./support/events";
import type { Cost } from "./support/output";
import { Stack } from "./support/stack";

/** The budgets of the design. */
const POST_ROUND_TRIPS_MAX = 1;
const ROWS_WRITTEN_MAX = 12;
const MESSAGES_MAX = 4;
const BATCH_ROUND_TRIPS_MAX = 3;

// A stack of its own: no other test's event shares a batch with those that are counted.
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

describe("a completed workout of 6 exercises and 24 sets costs", () => {
  const traceId = randomBytes(16).toString("hex");
  let costs: Cost[];

  beforeAll(async () => {
    const athlete = await Athlete.create(stack);
    const input = workout({
      "barbell-back-squat": 4,
      "barbell-bench-press": 4,
      "barbell-row": 4,
      "romanian-deadlift": 4,
      "lateral-raise": 4,
      "standing-calf-raise": 4,
    });
    await athlete.post(input, {
      "idempotency-key": randomUUID(),
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    await athlete.aggregatedWeek(input.started_at);
    costs = await eventually(
      "every message of the trace is handled",
      () => stack.log.costsOf(traceId),
      (seen) => handled(traceId) > 0 && handled(traceId) === sum(seen, "messagesSent"),
    );
    console.table(costs);
    console.log(
      `a workout of 6 exercises and 24 sets: ${sum(costs, "roundTrips")} D1 round trips, ` +
        `${sum(costs, "rowsWritten")} rows written (at most ${ROWS_WRITTEN_MAX}), ` +
        `${sum(costs, "messagesSent")} queue messages (at most ${MESSAGES_MAX})`,
    );
  });

  it("one D1 round trip for the POST", () => {
    const [post, ...others] = costs.filter(({ worker }) => worker === "api");
    expect(others).toEqual([]);
    expect(post?.of).toBe("POST /v1/workouts");
    expect(post?.roundTrips).toBeGreaterThan(0);
    expect(post?.roundTrips).toBeLessThanOrEqual(POST_ROUND_TRIPS_MAX);
  });

  it("at most 12 rows written, through all workers", () => {
    expect(sum(costs, "rowsWritten")).toBeGreaterThan(0);
    expect(sum(costs, "rowsWritten")).toBeLessThanOrEqual(ROWS_WRITTEN_MAX);
  });

  it("at most 4 queue messages", () => {
    expect(sum(costs, "messagesSent")).toBeGreaterThan(0);
    expect(sum(costs, "messagesSent")).toBeLessThanOrEqual(MESSAGES_MAX);
  });
});

describe("a batch of 100 at aggregation costs", () => {
  it("at most 3 D1 round trips, whether of one athlete or of ten", async () => {
    for (const athleteCount of [1, 10]) {
      const athletes = await Promise.all(
        Array.from({ length: athleteCount }, () => Athlete.create(stack)),
      );
      const batch = athletes.flatMap(({ id }) =>
        Array.from({ length: 100 / athleteCount }, () => message(workoutCompleted(id))),
      );
      const before = stack.log.lines.length;
      const decided = await stack.deliver("aggregation", "volume-aggregation", batch);
      expect(decided.explicitAcks).toHaveLength(100);
      const lines = await eventually(
        "a line for each event",
        () => stack.log.lines.slice(before).filter((line) => line.batch_size === 100),
        (seen) => seen.length === 100,
      );
      const roundTrips = lines[0]?.d1_round_trips;
      console.log(
        `a batch of 100 at aggregation, of ${athleteCount} athlete(s): ${roundTrips} D1 round ` +
          `trips (at most ${BATCH_ROUND_TRIPS_MAX}), ${lines[0]?.d1_rows_written} rows written`,
      );
      expect(roundTrips).toBeGreaterThan(0);
      expect(roundTrips).toBeLessThanOrEqual(BATCH_ROUND_TRIPS_MAX);
    }
  });
});

describe("a batch of 100 athletes' events at aggregation, one of them bad,", () => {
  it("costs at most 3 D1 round trips, counts 99 and leaves one dead letter", async () => {
    const athletes = await Promise.all(Array.from({ length: 100 }, () => Athlete.create(stack)));
    const batch = athletes.map(({ id }, n) => {
      const good = workoutCompleted(id);
      return message(n === 57 ? { ...good, data: { workout: "none" } } : good);
    });
    const before = stack.log.lines.length;
    const decided = await stack.deliver("aggregation", "volume-aggregation", batch);
    expect(decided.explicitAcks).toHaveLength(100);
    const lines = await eventually(
      "a line for each event",
      () => stack.log.lines.slice(before).filter((line) => line.batch_size === 100),
      (seen) => seen.length === 100,
    );
    const roundTrips = lines[0]?.d1_round_trips;
    console.log(
      `a batch of 100 at aggregation, of 100 athletes, one event bad: ${roundTrips} D1 round ` +
        `trips (at most ${BATCH_ROUND_TRIPS_MAX}), ${lines[0]?.d1_rows_written} rows written`,
    );
    expect(roundTrips).toBeGreaterThan(0);
    expect(roundTrips).toBeLessThanOrEqual(BATCH_ROUND_TRIPS_MAX);
    const counted = await Promise.all(athletes.map(({ id }) => stack.rows("volume_ledger", id)));
    expect(counted.filter((rows) => rows === 1)).toHaveLength(99);
    expect(counted[57]).toBe(0);
    const letters = await awaitDeadLetters(stack, { queue: "volume-aggregation" }, 1);
    expect(letters).toMatchObject([{ message_id: batch[57]?.id }]);
  });
});

function handled(traceId: string): number {
  return stack.log.with({ message: "event", trace_id: traceId }).length;
}

function sum(costs: Cost[], what: "roundTrips" | "rowsWritten" | "messagesSent"): number {
  return costs.reduce((total, cost) => total + cost[what], 0);
}
