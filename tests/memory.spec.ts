import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Athlete, startedAt, type Workout, workout } from "./support/athlete";
import { startMeasured, WASM_BYTES_MAX, wasmBytes } from "./support/memory";
import type { Stack } from "./support/stack";

const MINUTES = 60_000;
const DAY_MS = 86_400_000;

let stack: Stack;
let athletes: Athlete[];

beforeAll(async () => {
  ({ stack, athletes } = await startMeasured());
});

afterAll(() => stack?.stop());

describe("a sweep over 200 open workouts of 250 KB", () => {
  it("needs at most 48 MB, and resends other workouts", { timeout: 5 * MINUTES }, async () => {
    // The memory of the api that posted the workouts is another isolate's.
    const notes = "💪".repeat(2_000);
    const sets = [{ kind: "working", weight_kg: 60, reps: 10 }];
    const json = {
      started_at: startedAt(2),
      exercises: Array.from({ length: 31 }, () => ({ exercise: "pec-deck", notes, sets })),
    };
    for (let n = 0; n < 200; n += 4) {
      await Promise.all(athletes.map((athlete) => post(athlete, json)));
    }
    await stack.query("UPDATE workouts SET changed_at_ms = changed_at_ms - ?", 2 * DAY_MS);
    await stack.query("UPDATE workouts SET due_at_ms = 0, aggregated_revision = revision");
    const small = await Promise.all(
      athletes.map((athlete) => post(athlete, workout({ "pec-deck": 2 }, startedAt()))),
    );
    for (const { id } of small) {
      await stack.query("UPDATE workouts SET due_at_ms = 1 WHERE workout_id = ?", id);
    }

    await stack.runCron();
    const resent = await stack.query(
      "SELECT 1 FROM workouts WHERE status = 'completed' AND started_at_ms > ? \
       AND (resends = 1 OR aggregated_revision = revision)",
      Date.now() - DAY_MS,
    );
    expect(resent.length).toBe(small.length);
    for (let sweeps = 1; sweeps < 10; sweeps += 1) {
      await stack.runCron();
    }

    const open = await stack.query("SELECT 1 FROM workouts WHERE status = 'in_progress'");
    expect(open).toEqual([]);
    expect(wasmBytes(stack, "api", "200 open workouts of 250 KB")).toBeLessThan(WASM_BYTES_MAX);
  });
});

async function post(athlete: Athlete, json: unknown): Promise<Workout> {
  const options = { token: athlete.key, json };
  const response = await stack.requestWithoutQueues("POST", "/v1/workouts", options);
  expect(response.status).toBe(201);
  return (await response.json()) as Workout;
}
