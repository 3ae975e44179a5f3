import { afterAll, beforeAll, expect, it } from "vitest";
import { Athlete, type WorkoutInput } from "../support/athlete";
import { costsOfPosting, sum } from "../support/costs";
import { nativeBench } from "../support/native-bench";
import type { Cost } from "../support/output";
import { Stack } from "../support/stack";

interface Counts {
  worker: string;
  round_trips: number;
  rows_written: number;
  messages: number;
}

/** The counts of a posted workout on native SQLite, by worker, and its exercises. */
interface NativeCost {
  exercises: WorkoutInput["exercises"];
  steps: Counts[];
}

/** The workouts that the native benchmark posts. */
const WORKOUTS = ["first", "same again", "with records"];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-05. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

it("D1 bills the rows that the native benchmark counts", async () => {
  const workouts = nativeBench<NativeCost[]>("cost");
  const athlete = await Athlete.create(stack);
  const rows: Record<string, Record<string, string | number | undefined>> = {};
  const measured: Counts[][] = [];
  for (const [n, native] of workouts.entries()) {
    const costs = await costsOfPosting(stack, athlete, trained(native, n));
    const d1 = native.steps.map(({ worker }) => counts(costs, worker));
    for (const [index, step] of native.steps.entries()) {
      rows[`${WORKOUTS[n]}: ${step.worker}`] = compare(step, d1[index]);
    }
    measured.push(d1);
  }
  console.table(rows);
  expect(measured).toEqual(workouts.map(({ steps }) => steps));
});

function compare(native: Counts, miniflare: Counts | undefined) {
  return {
    "rows written, native": native.rows_written,
    miniflare: miniflare?.rows_written,
    "round trips, native": native.round_trips,
    "miniflare ": miniflare?.round_trips,
    "messages, native": native.messages,
    "miniflare  ": miniflare?.messages,
  };
}

/** Returns workout `n` of the last whole week: on Monday, Tuesday and Thursday, as natively. */
function trained({ exercises }: NativeCost, n: number): WorkoutInput {
  const day = [0, 1, 3][n] ?? 0;
  const week = Math.floor((Date.now() - FIRST_MONDAY_MS) / (7 * DAY_MS)) - 1;
  const startMs = FIRST_MONDAY_MS + (week * 7 + day) * DAY_MS + 17 * HOUR_MS;
  return {
    started_at: new Date(startMs).toISOString(),
    ended_at: new Date(startMs + HOUR_MS).toISOString(),
    exercises,
  };
}

function counts(costs: Cost[], worker: string): Counts {
  const own = costs.filter((cost) => cost.worker === worker);
  return {
    worker,
    round_trips: sum(own, "roundTrips"),
    rows_written: sum(own, "rowsWritten"),
    messages: sum(own, "messagesSent"),
  };
}
