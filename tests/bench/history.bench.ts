import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Athlete, startedAt } from "../support/athlete";
import { costsOfPosting, sum, typicalWorkout } from "../support/costs";
import { type Envelope, message, workoutCompleted } from "../support/events";
import { csv, trainingLog } from "../support/hevy";
import { importFile } from "../support/imports";
import { Stack } from "../support/stack";

/** The maximum cost of the 10,000th workout relative to the 10th. */
const RATIO_MAX = 1.2;
const HISTORIES = [9, 9_999] as const;
/** The workouts of one import. */
const WORKOUTS_PER_IMPORT = 1_250;
const SETS_PER_WORKOUT = 20;
/** Alternating measurements of each, so that other load slows both. */
const TURNS = 100;
/** Uncounted turns: the first calls compile code and fill caches. */
const WARM_UP_TURNS = 10;

interface Measurements {
  roundTrips: number;
  rowsWritten: number;
  postMs: number[];
  aggregationMs: number[];
}

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

it("the 10,000th workout costs as much as the 10th", async () => {
  const athletes = await Promise.all(HISTORIES.map(() => Athlete.create(stack)));
  const [short, long] = athletes as [Athlete, Athlete];
  await importHistory(short, HISTORIES[0]);
  await importHistory(long, HISTORIES[1]);
  const measured = new Map<Athlete, Measurements>();
  for (const athlete of athletes) {
    measured.set(athlete, { ...(await measureCost(athlete)), postMs: [], aggregationMs: [] });
  }
  for (let turn = -WARM_UP_TURNS; turn < TURNS; turn++) {
    // The order alternates.
    for (const athlete of turn % 2 === 0 ? [short, long] : [long, short]) {
      const times = {
        postMs: await timePost(athlete),
        aggregationMs: await timeAggregation(athlete),
      };
      if (turn >= 0) {
        measured.get(athlete)?.postMs.push(times.postMs);
        measured.get(athlete)?.aggregationMs.push(times.aggregationMs);
      }
    }
  }
  const [tenth, tenThousandth] = [short, long].map((athlete) => row(measured.get(athlete)));
  const ratios = Object.fromEntries(
    Object.entries(tenth ?? {}).map(([name, value]) => [
      name,
      (tenThousandth?.[name] ?? 0) / value,
    ]),
  );
  console.table(
    Object.fromEntries(
      Object.entries({ "10th": tenth, "10,000th": tenThousandth, ratio: ratios }).map(
        ([name, numbers]) => [name, rounded(numbers ?? {})],
      ),
    ),
  );
  for (const [name, ratio] of Object.entries(ratios)) {
    expect(ratio, name).toBeLessThanOrEqual(RATIO_MAX);
  }
});

/** Imports a history with one workout a day. */
async function importHistory(athlete: Athlete, workouts: number): Promise<void> {
  const rows = trainingLog(workouts, workouts);
  for (let first = 0; first < workouts; first += WORKOUTS_PER_IMPORT) {
    const part = rows.slice(
      first * SETS_PER_WORKOUT,
      (first + WORKOUTS_PER_IMPORT) * SETS_PER_WORKOUT,
    );
    const { imported } = await importFile(athlete, csv(part));
    expect(imported).toBe(part.length / SETS_PER_WORKOUT);
  }
}

/**
 * Returns the database cost of a workout in all workers. An import causes no patterns; the first workout
 * after it does, so the second one is measured.
 */
async function measureCost(athlete: Athlete): Promise<{ roundTrips: number; rowsWritten: number }> {
  await costsOfPosting(stack, athlete, typicalWorkout());
  const costs = await costsOfPosting(stack, athlete, typicalWorkout());
  return { roundTrips: sum(costs, "roundTrips"), rowsWritten: sum(costs, "rowsWritten") };
}

/**
 * Returns the duration of a POST by an api without queues, so that nothing else runs. Deletes the
 * workout, so that each turn has the same history.
 */
async function timePost(athlete: Athlete): Promise<number> {
  const json = typicalWorkout();
  let posted = "";
  const elapsed = await measureMs(async () => {
    const options = { token: athlete.key, json, headers: { "idempotency-key": randomUUID() } };
    const response = await stack.requestWithoutQueues("POST", "/v1/workouts", options);
    expect(response.status).toBe(201);
    posted = ((await response.json()) as { id: string }).id;
  });
  await deleteRow("workouts", athlete.id, posted);
  return elapsed;
}

/** Returns the duration of the aggregation of the same workout, and deletes its row. */
async function timeAggregation(athlete: Athlete): Promise<number> {
  const event = completed(athlete);
  const elapsed = await measureMs(async () => {
    const batch = [message(event)];
    const decisions = await stack.deliver("aggregation", "volume-aggregation", batch);
    expect(decisions.explicitAcks).toHaveLength(1);
  });
  await deleteRow("volume_ledger", athlete.id, event.data.workout?.workout_id ?? "");
  return elapsed;
}

async function deleteRow(table: string, athleteId: string, workoutId: string): Promise<void> {
  const sql = `DELETE FROM ${table} WHERE athlete_id = ? AND workout_id = ?`;
  await stack.query(sql, athleteId, workoutId);
}

/** Returns the event of a workout as large as the posted one. */
function completed(athlete: Athlete): Envelope {
  const event = workoutCompleted(athlete.id);
  const { workout: snapshot } = event.data;
  const exercises = typicalWorkout().exercises.map(({ exercise, sets }) => ({
    ...snapshot?.exercises[0],
    exercise,
    sets: sets.map(() => ({ kind: "working", reps: 10, rpe: 8, weight_grams: 60_000 })),
  }));
  if (!snapshot) {
    throw new Error("the golden event has no workout");
  }
  return { ...event, data: { workout: { ...snapshot, started_at: startedAt(), exercises } } };
}

async function measureMs(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function row(measured: Measurements | undefined): Record<string, number> {
  const { roundTrips = 0, rowsWritten = 0, postMs = [], aggregationMs = [] } = measured ?? {};
  return {
    "D1 round trips": roundTrips,
    "rows written": rowsWritten,
    "POST, median ms": median(postMs),
    "aggregation, median ms": median(aggregationMs),
  };
}

function rounded(numbers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  );
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length - 1 - middle] ?? 0)) / 2;
}
