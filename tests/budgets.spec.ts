import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, startedAt } from "./support/athlete";
import { costsOfPosting, linesOfBatch, sum, typicalWorkout } from "./support/costs";
import { waitForDeadLetters } from "./support/dead-letters";
import { message, workoutCompleted } from "./support/events";
import type { Cost, LogLine } from "./support/output";
import { Stack } from "./support/stack";

/** Project budgets: docs/architecture.md. */
const POST_ROUND_TRIPS_MAX = 1;
const ROWS_WRITTEN_MAX = 10;
const MESSAGES_MAX = 4;
const BATCH_ROUND_TRIPS_MAX = 3;

// A separate stack: events of other tests would share batches with these.
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

describe("a completed workout of 6 exercises and 24 sets costs", () => {
  let costs: Cost[];

  beforeAll(async () => {
    const athlete = await Athlete.create(stack);
    // The first workout sets records. The same a day later breaks none.
    await costsOfPosting(stack, athlete, typicalWorkout(startedAt(1)));
    costs = await costsOfPosting(stack, athlete, typicalWorkout());
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
    expect(post?.operation).toBe("POST /v1/workouts");
    expect(post?.roundTrips).toBeGreaterThan(0);
    expect(post?.roundTrips).toBeLessThanOrEqual(POST_ROUND_TRIPS_MAX);
  });

  it("at most 10 rows written in all workers", () => {
    expect(sum(costs, "rowsWritten")).toBeGreaterThan(0);
    expect(sum(costs, "rowsWritten")).toBeLessThanOrEqual(ROWS_WRITTEN_MAX);
  });

  it("at most 4 queue messages", () => {
    expect(sum(costs, "messagesSent")).toBeGreaterThan(0);
    expect(sum(costs, "messagesSent")).toBeLessThanOrEqual(MESSAGES_MAX);
  });
});

describe("a batch of 100 costs at most 3 D1 round trips per database", () => {
  it.each([1, 10])("from %i athlete(s)", async (athleteCount) => {
    const athletes = await createAthletes(athleteCount);
    const batch = athletes.flatMap(({ id }) =>
      Array.from({ length: 100 / athleteCount }, () => message(workoutCompleted(id))),
    );
    expectWithinBudget(await linesOfBatch(stack, batch), athletes);
  });

  it("from 100 athletes with one invalid event", async () => {
    const athletes = await createAthletes(100);
    const batch = athletes.map(({ id }, n) => {
      const valid = workoutCompleted(id);
      return message(n === 57 ? { ...valid, data: { workout: "none" } } : valid);
    });
    expectWithinBudget(await linesOfBatch(stack, batch), athletes);
    // One query for each database: 400 at once would exhaust the sockets of miniflare's proxy.
    const rows = await stack.query<{ athlete_id: string; workouts: number }>(
      "SELECT athlete_id, count(*) AS workouts FROM volume_ledger GROUP BY athlete_id",
    );
    const counted = new Map(rows.map(({ athlete_id, workouts }) => [athlete_id, workouts]));
    expect(athletes.map(({ id }) => counted.get(id) ?? 0)).toEqual(
      athletes.map((_, n) => (n === 57 ? 0 : 1)),
    );
    const deadLetters = await waitForDeadLetters(stack, { queue: "volume-aggregation" }, 1);
    expect(deadLetters).toMatchObject([{ message_id: batch[57]?.id }]);
  });
});

function createAthletes(count: number): Promise<Athlete[]> {
  return Promise.all(Array.from({ length: count }, () => Athlete.create(stack)));
}

function expectWithinBudget([first]: LogLine[], athletes: Athlete[]): void {
  const databases = new Set(athletes.map(({ id }) => stack.databaseOf(id))).size;
  console.log(
    `a batch of 100 at aggregation, from ${athletes.length} athlete(s) in ${databases} database(s): ` +
      `${first?.d1_round_trips} D1 round trips (at most ${BATCH_ROUND_TRIPS_MAX} per database), ` +
      `${first?.d1_rows_written} rows written`,
  );
  expect(first?.d1_round_trips).toBeGreaterThan(0);
  expect(first?.d1_round_trips).toBeLessThanOrEqual(BATCH_ROUND_TRIPS_MAX * databases);
}
