import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, HARD_SET, muscle, startedAt, type Workout, workout } from "./support/athlete";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

interface Changes {
  items: { type: "updated" | "deleted"; id?: string; workout?: Workout }[];
  next_since: string;
  has_more: boolean;
}

interface Records {
  items: { exercise: string; kind: string; value: number; workout_id: string }[];
}

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

describe("a workout logged set by set", () => {
  const started_at = startedAt();
  let athlete: Athlete;
  let path: string;

  /** Returns the hard sets of the chest, after a sweep some minutes later. */
  const chest = async () => {
    await stack.query("UPDATE workouts SET due_at_ms = 0 WHERE status = 'in_progress'");
    await stack.runCron();
    return muscle(await athlete.aggregatedWeek(started_at), "chest").hard_sets;
  };

  beforeAll(async () => {
    athlete = await Athlete.create(stack);
    const { id, status } = await athlete.post({ started_at, exercises: [] });
    expect(status).toBe("in_progress");
    path = `/v1/workouts/${id}`;
  });

  it("counts a set once for each Idempotency-Key", async () => {
    const json = { exercise: "barbell-bench-press", ...HARD_SET };
    const key = randomUUID();
    for (const idempotencyKey of [key, key, randomUUID()]) {
      const response = await athlete.request("POST", `${path}/sets`, {
        json,
        headers: { "idempotency-key": idempotencyKey },
      });
      expect(response.status).toBe(201);
    }
    expect(await chest()).toBe(2);
  });

  it("counts corrected sets and no deleted sets", async () => {
    const easy = { kind: "working", weight_kg: 60, reps: 10, rpe: 5 };
    expect((await athlete.request("PUT", `${path}/sets/1`, { json: easy })).status).toBe(200);
    expect(await chest()).toBe(1);
    expect((await athlete.request("DELETE", `${path}/sets/2`)).status).toBe(200);
    expect(await chest()).toBe(0);
  });

  it("rejects sets after its completion", async () => {
    const ended_at = new Date(Date.parse(started_at) + 600_000).toISOString();
    const completed = await athlete.request("POST", `${path}/complete`, { json: { ended_at } });
    expect(completed.status).toBe(200);
    expect(await completed.json()).toMatchObject({ status: "completed", totals: { sets: 1 } });
    const json = { exercise: "barbell-bench-press", ...HARD_SET };
    expect((await athlete.request("POST", `${path}/sets`, { json })).status).toBe(409);
  });
});

describe("a workout left open for a day", () => {
  it("is completed by the sweep at its last set", async () => {
    const athlete = await Athlete.create(stack);
    const started_at = startedAt(1.1);
    const performed_at = new Date(Date.parse(started_at) + 900_000).toISOString();
    const sets = [{ ...HARD_SET, performed_at }];
    const { id } = await athlete.post({
      started_at,
      exercises: [{ exercise: "barbell-bench-press", sets }],
    });
    const day = 24 * 3_600_000;
    // Its last call was a day and a minute ago.
    await stack.query(
      "UPDATE workouts SET changed_at_ms = changed_at_ms - ?, due_at_ms = 0 WHERE workout_id = ?",
      day + 60_000,
      id,
    );
    await stack.runCron();
    const completed = await athlete.get<Workout>(`/v1/workouts/${id}`);
    expect(completed).toMatchObject({ status: "completed", revision: 2 });
    expect(Date.parse(completed.ended_at ?? "")).toBe(Date.parse(performed_at));
    const week = await athlete.aggregatedWeek(started_at);
    expect(week).toMatchObject({ workouts: 1, sets: 1 });
  });
});

describe("a replaced workout", () => {
  it("moves to its new week; one of two writers wins", async () => {
    const athlete = await Athlete.create(stack);
    const [before, after] = [startedAt(8), startedAt(1)];
    const { id } = await athlete.post(workout({ "barbell-bench-press": 5 }, before));
    expect(await athlete.aggregatedWeek(before)).toMatchObject({ workouts: 1, sets: 5 });
    const put = (sets: number) =>
      athlete.request("PUT", `/v1/workouts/${id}`, {
        json: workout({ "barbell-bench-press": sets }, after),
        headers: { "if-match": '"1"' },
      });
    const statuses = (await Promise.all([put(7), put(7)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 412]);
    expect(await athlete.aggregatedWeek(after)).toMatchObject({ workouts: 1, sets: 7 });
    expect(await athlete.aggregatedWeek(before)).toMatchObject({ workouts: 0, sets: 0 });
  });
});

describe("a record", () => {
  it("is notified once, and removed with its workout", async () => {
    const athlete = await Athlete.create(stack);
    const first = await athlete.post(workout({ "barbell-bench-press": 3 }, startedAt(2)));
    await athlete.aggregatedWeek(startedAt(2));
    const heavier = workout({ "barbell-bench-press": 1 }, startedAt(1));
    const [exercise] = heavier.exercises;
    Object.assign(exercise ?? {}, { sets: [{ ...HARD_SET, weight_kg: 80 }] });
    const second = await athlete.post(heavier);
    const inbox = await eventually(
      "a notification",
      () => athlete.notifications(),
      ({ items }) => items.length > 0,
    );
    expect(inbox.items).toHaveLength(1);
    expect(inbox.items[0]?.body).toMatch(/\b80\b/);
    expect(await heaviest(athlete)).toMatchObject({ value: 80, workout_id: second.id });
    await athlete.request("DELETE", `/v1/workouts/${second.id}`);
    await athlete.aggregatedWeek(startedAt(1));
    expect(await heaviest(athlete)).toMatchObject({ value: 60, workout_id: first.id });
  });
});

describe("the change feed", () => {
  it("has each workout once and continues from a cursor", async () => {
    const athlete = await Athlete.create(stack);
    const first = await athlete.post(workout({ "pull-up": 1 }));
    const deleted = await athlete.post(workout({ "pull-up": 2 }));
    const all = await athlete.get<Changes>("/v1/workouts/events");
    expect(all.items.map((item) => item.workout)).toEqual([first, deleted]);
    await athlete.request("DELETE", `/v1/workouts/${deleted.id}`);
    const since = `/v1/workouts/events?since=${all.next_since}`;
    const { items, has_more, next_since } = await athlete.get<Changes>(since);
    expect({ items, has_more }).toMatchObject({
      items: [{ type: "deleted", id: deleted.id }],
      has_more: false,
    });
    const rest = await athlete.get<Changes>(`/v1/workouts/events?since=${next_since}`);
    expect(rest).toEqual({ items: [], has_more: false, next_since });
  });
});

describe("a deleted athlete", () => {
  it("has no rows and no valid key", async () => {
    const athlete = await Athlete.create(stack);
    await athlete.post(workout({ "barbell-bench-press": 30 }));
    await eventually(
      "a notification",
      () => athlete.notifications(),
      ({ items }) => items.length > 0,
    );
    expect((await athlete.request("DELETE", "/v1/me")).status).toBe(204);
    expect((await athlete.request("GET", "/v1/me")).status).toBe(401);
    for (const table of ["workouts", "volume_ledger", "notifications", "api_keys"]) {
      expect(await stack.countRows(table, athlete.id), table).toBe(0);
    }
  });
});

async function heaviest(athlete: Athlete): Promise<Records["items"][number] | undefined> {
  const { items } = await athlete.get<Records>("/v1/records?exercise=barbell-bench-press");
  return items.find(({ kind }) => kind === "heaviest_weight");
}
