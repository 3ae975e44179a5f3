import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Athlete, startedAt } from "../support/athlete";
import { costsOfPosting, sum, typicalWorkout } from "../support/costs";
import { type Envelope, message, workoutCompleted } from "../support/events";
import { csv, trainingLog } from "../support/hevy";
import { importFile } from "../support/imports";
import { Stack } from "../support/stack";

/** How much more a workout may cost after ten thousand than after ten. */
const RATIO_MAX = 1.2;
const HISTORIES = [9, 9_999] as const;
/** Workouts of one import. */
const PART = 1_250;
const SETS_OF_A_WORKOUT = 20;
/** Times that each is measured, in turns, so that what slows the machine slows both. */
const TURNS = 100;
/** Turns before those that count: the first calls of all compile and fill caches. */
const WARM_UP_TURNS = 10;

interface Measured {
  roundTrips: number;
  rowsWritten: number;
  postMs: number[];
  countMs: number[];
}

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

it("a workout costs the same after 9,999 others as after 9", async () => {
  const athletes = await Promise.all(HISTORIES.map(() => Athlete.create(stack)));
  const [short, long] = athletes as [Athlete, Athlete];
  await live(short, HISTORIES[0]);
  await live(long, HISTORIES[1]);
  const measured = new Map<Athlete, Measured>();
  for (const athlete of athletes) {
    measured.set(athlete, { ...(await cost(athlete)), postMs: [], countMs: [] });
  }
  for (let turn = -WARM_UP_TURNS; turn < TURNS; turn++) {
    // Neither is always the first.
    for (const athlete of turn % 2 === 0 ? [short, long] : [long, short]) {
      const times = { postMs: await timePost(athlete), countMs: await timeCount(athlete) };
      if (turn >= 0) {
        measured.get(athlete)?.postMs.push(times.postMs);
        measured.get(athlete)?.countMs.push(times.countMs);
      }
    }
  }
  const [tenth, tenThousandth] = [short, long].map((athlete) => row(measured.get(athlete)));
  const ratios = Object.fromEntries(
    Object.entries(tenth ?? {}).map(([what, value]) => [
      what,
      (tenThousandth?.[what] ?? 0) / value,
    ]),
  );
  console.table(
    Object.fromEntries(
      Object.entries({ "10th": tenth, "10,000th": tenThousandth, ratio: ratios }).map(
        ([name, numbers]) => [name, rounded(numbers ?? {})],
      ),
    ),
  );
  for (const [what, ratio] of Object.entries(ratios)) {
    expect(ratio, what).toBeLessThanOrEqual(RATIO_MAX);
  }
});

/** Lets an athlete have trained so often, a day each. */
async function live(athlete: Athlete, workouts: number): Promise<void> {
  const rows = trainingLog(workouts, workouts);
  for (let first = 0; first < workouts; first += PART) {
    const part = rows.slice(first * SETS_OF_A_WORKOUT, (first + PART) * SETS_OF_A_WORKOUT);
    const { imported } = await importFile(athlete, csv(part));
    expect(imported).toBe(part.length / SETS_OF_A_WORKOUT);
  }
}

/**
 * What the next workout costs the database, through all workers. Of an imported history nothing is
 * told until the next workout: the one before that which is measured brings the patterns in it.
 */
async function cost(athlete: Athlete): Promise<{ roundTrips: number; rowsWritten: number }> {
  await costsOfPosting(stack, athlete, typicalWorkout());
  const costs = await costsOfPosting(stack, athlete, typicalWorkout());
  return { roundTrips: sum(costs, "roundTrips"), rowsWritten: sum(costs, "rowsWritten") };
}

/**
 * POST of the next workout, by an api that reaches no queue: nothing runs beside it. It is taken
 * away again, so that each turn measures the same workout of the same history.
 */
async function timePost(athlete: Athlete): Promise<number> {
  const json = typicalWorkout();
  let posted = "";
  const elapsed = await time(async () => {
    const options = { token: athlete.key, json, headers: { "idempotency-key": randomUUID() } };
    const response = await stack.requestWithoutQueues("POST", "/v1/workouts", options);
    expect(response.status).toBe(201);
    posted = ((await response.json()) as { id: string }).id;
  });
  await takeAway("workouts", athlete.id, posted);
  return elapsed;
}

/** The same workout, counted by aggregation, and taken away again. */
async function timeCount(athlete: Athlete): Promise<number> {
  const event = completed(athlete);
  const elapsed = await time(async () => {
    const batch = [message(event)];
    const decided = await stack.deliver("aggregation", "volume-aggregation", batch);
    expect(decided.explicitAcks).toHaveLength(1);
  });
  await takeAway("volume_ledger", athlete.id, event.data.workout?.workout_id ?? "");
  return elapsed;
}

async function takeAway(table: string, athleteId: string, workoutId: string): Promise<void> {
  await stack.database
    .prepare(`DELETE FROM ${table} WHERE athlete_id = ? AND workout_id = ?`)
    .bind(athleteId, workoutId)
    .run();
}

/** The event of a workout as large as the posted one. */
function completed(athlete: Athlete): Envelope {
  const event = workoutCompleted(athlete.id);
  const { workout: snapshot } = event.data;
  const exercises = typicalWorkout().exercises.map(({ exercise, sets }) => ({
    ...snapshot?.exercises[0],
    exercise,
    sets: sets.map(() => ({ kind: "working", reps: 10, rpe: 8, weight_grams: 60_000 })),
  }));
  if (!snapshot) {
    throw new Error("the golden workout is gone");
  }
  return { ...event, data: { workout: { ...snapshot, started_at: startedAt(), exercises } } };
}

async function time(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function row(measured: Measured | undefined): Record<string, number> {
  const { roundTrips = 0, rowsWritten = 0, postMs = [], countMs = [] } = measured ?? {};
  return {
    "D1 round trips": roundTrips,
    "rows written": rowsWritten,
    "POST, median ms": median(postMs),
    "counted, median ms": median(countMs),
  };
}

function rounded(numbers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).map(([what, value]) => [what, Math.round(value * 100) / 100]),
  );
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length - 1 - middle] ?? 0)) / 2;
}
