import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Athlete, muscle, startedAt, type Workout, workout } from "./support/athlete";
import { Stack } from "./support/stack";

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

beforeEach(async () => {
  athlete = await Athlete.create(stack);
});

const smallWorkout = (daysAgo = 0) => workout({ "pec-deck": 2 }, startedAt(daysAgo));

describe("the sweep", () => {
  it("resends a workout that no queue accepted", async () => {
    const input = smallWorkout();
    const accepted = await stack.requestWithoutQueues("POST", "/v1/workouts", {
      token: athlete.key,
      json: input,
    });
    expect(accepted.status).toBe(201);
    const { id } = (await accepted.json()) as Workout;
    expect(await athlete.weekly(input.started_at)).toMatchObject({ pending: 1 });

    // Its event may still be in a queue: the sweep ignores it for a minute.
    await stack.runCron();
    expect(await resends(id)).toBe(0);

    await makeOverdue(id);
    await stack.runCron();
    expect(await resends(id)).toBe(1);
    const week = await athlete.aggregatedWeek(input.started_at);
    expect(week.workouts).toBe(1);
    expect(muscle(week, "chest").hard_sets).toBe(2);
  });

  it("resends a deletion that no queue accepted", async () => {
    const input = smallWorkout();
    const { id } = await athlete.post(input);
    await athlete.aggregatedWeek(input.started_at);
    const token = athlete.key;
    const deleted = await stack.requestWithoutQueues("DELETE", `/v1/workouts/${id}`, { token });
    expect(deleted.status).toBe(204);
    expect(await athlete.weekly(input.started_at)).toMatchObject({ pending: 1 });

    await makeOverdue(id);
    await stack.runCron();
    expect(await athlete.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 0 });
  });

  it("changes nothing when the event was not lost", async () => {
    const input = smallWorkout();
    const { id } = await athlete.post(input);
    const before = await athlete.aggregatedWeek(input.started_at);
    await stack.query("UPDATE workouts SET aggregated_revision = 0 WHERE workout_id = ?", id);
    await makeOverdue(id);
    await stack.runCron();
    expect(await athlete.aggregatedWeek(input.started_at)).toEqual(before);
  });

  it("survives an unavailable database", async () => {
    await stack.withoutTable("workouts", () => stack.runCron());
    expect((await athlete.request("GET", "/v1/workouts")).status).toBe(200);
  });

  const makeOverdue = (workoutId: string) =>
    stack.query("UPDATE workouts SET due_at_ms = 0 WHERE workout_id = ?", workoutId);

  const resends = async (workoutId: string) => {
    const sql = "SELECT resends FROM workouts WHERE workout_id = ?";
    const [row] = await stack.query<{ resends: number }>(sql, workoutId);
    return row?.resends;
  };
});
