import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, muscle, thirtySetsOfChest, type Workout, workout } from "./support/athlete";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

/** A posted workout causes a notification within this time. */
const PIPELINE_TIMEOUT_MS = 15_000;

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
  athlete = await Athlete.create(stack);
});

afterAll(() => stack?.stop());

describe("a posted workout of 30 hard sets for the chest", () => {
  const traceId = randomBytes(16).toString("hex");
  const idempotencyKey = randomUUID();
  const input = { ...thirtySetsOfChest(), title: "Nothing but chest" };
  let posted: Workout;

  const post = (json: object) =>
    athlete.request("POST", "/v1/workouts", {
      json,
      headers: {
        "idempotency-key": idempotencyKey,
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      },
    });

  it("is 201 with its location and revision", async () => {
    const response = await post(input);
    expect(response.status).toBe(201);
    posted = (await response.json()) as Workout;
    expect(response.headers.get("location")).toBe(`/v1/workouts/${posted.id}`);
    expect(response.headers.get("etag")).toBe('"1"');
    expect(posted).toMatchObject({
      athlete_id: athlete.id,
      revision: 1,
      status: "completed",
      totals: { sets: 30, hard_sets: 30, tonnage_kg: 24_000 },
    });
  });

  it("is in the volume of its week within 15 s", async () => {
    const week = await athlete.aggregatedWeek(input.started_at, PIPELINE_TIMEOUT_MS);
    expect(week).toMatchObject({ workouts: 1, sets: 30, hard_sets: 30 });
    expect(muscle(week, "chest")).toMatchObject({ direct_sets: 30, mrv: 24, level: "above_mrv" });
    const triceps = { fractional_sets: 5, direct_sets: 0, level: "below_mev" };
    expect(muscle(week, "triceps")).toMatchObject(triceps);
    expect(muscle(week, "quads")).toMatchObject({ hard_sets: 0, level: "below_mev" });
  });

  it("causes one notification with its numbers", async () => {
    const inbox = await eventually(
      "a notification",
      () => athlete.notifications(),
      ({ items }) => items.length > 0,
      PIPELINE_TIMEOUT_MS,
    );
    expect(inbox).toMatchObject({ unread: 1, next_cursor: null });
    expect(inbox.items).toHaveLength(1);
    const [notification] = inbox.items;
    expect(notification).toMatchObject({ kind: "volume_above_mrv", read_at: null });
    expect(notification?.title).toContain("Chest");
    expect(notification?.body).toMatch(/\b30\b/);
    expect(notification?.body).toMatch(/\b24\b/);
    expect(notification?.data).toMatchObject({ evidence: { hard_sets: 30, mrv: 24 } });
  });

  it("causes one email", async () => {
    await eventually(
      "an email",
      () => athlete.emails,
      (emails) => emails.length > 0,
    );
    expect(athlete.emails).toHaveLength(1);
    const [email] = athlete.emails;
    expect(email?.subject).toContain("Chest");
    expect(email?.text).toMatch(/\b30\b.*\b24\b/s);
    expect(email?.html).toContain(`${email?.subject ?? ""}</h1>`);
    expect(email?.attachments).toEqual([]);
  });

  it("has one trace in all four workers", async () => {
    const workers = await eventually(
      "four workers log the trace",
      () => [...new Set(stack.log.linesWith({ trace_id: traceId }).map((line) => line.worker))],
      (seen) => seen.length === 4,
    );
    expect(workers.sort()).toEqual(["aggregation", "ai", "api", "webhook"]);
  });

  it("is logged without keys, addresses and text", () => {
    const log = stack.log.texts.join("\n");
    expect(log).toContain(athlete.id);
    for (const secret of [
      athlete.key,
      athlete.key.split("_")[2] ?? "",
      athlete.email,
      input.title,
    ]) {
      expect(secret).not.toBe("");
      expect(log).not.toContain(secret);
    }
  });

  it("is returned unchanged when its Idempotency-Key is replayed", async () => {
    const before = await athlete.weekly(input.started_at);
    const replay = await post(input);
    expect(replay.status).toBe(201);
    expect(replay.headers.get("location")).toBe(`/v1/workouts/${posted.id}`);
    expect(replay.headers.get("etag")).toBe('"1"');
    expect(await replay.json()).toEqual(posted);
    expect(await athlete.weekly(input.started_at)).toEqual(before);
    const { items } = await athlete.workouts();
    expect(items).toEqual([posted]);
  });

  it("rejects another body with the same Idempotency-Key", async () => {
    const other = await post({ ...input, title: "Something else" });
    expect(other.status).toBe(422);
    expect(other.headers.get("content-type")).toContain("application/problem+json");
    expect((await athlete.workouts()).items).toHaveLength(1);
  });

  it("is subtracted from the totals when it is deleted", async () => {
    const path = `/v1/workouts/${posted.id}`;
    expect((await athlete.request("DELETE", path)).status).toBe(204);
    expect((await athlete.request("GET", path)).status).toBe(404);
    expect((await athlete.request("DELETE", path)).status).toBe(404);
    const week = await athlete.aggregatedWeek(input.started_at, PIPELINE_TIMEOUT_MS);
    expect(week).toMatchObject({ workouts: 0, sets: 0, hard_sets: 0, tonnage_kg: 0 });
    expect(muscle(week, "chest")).toMatchObject({ hard_sets: 0, level: "below_mev" });
    expect((await athlete.workouts()).items).toEqual([]);
  });
});

describe("a workout in progress", () => {
  it("counts the sets logged so far once they are due", async () => {
    const { ended_at: _, ...input } = workout({ "leg-press": 3 });
    const lifter = await Athlete.create(stack);
    const posted = await lifter.post(input);
    expect(posted).toMatchObject({ status: "in_progress", revision: 1, totals: { hard_sets: 3 } });
    expect(await lifter.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 0 });
    await stack.query("UPDATE workouts SET due_at_ms = 0 WHERE workout_id = ?", posted.id);
    await stack.runCron();
    const week = await lifter.aggregatedWeek(input.started_at);
    expect(muscle(week, "quads").hard_sets).toBe(3);
    expect(muscle(week, "glutes").hard_sets).toBe(1.5);
  });
});

describe("ten concurrent posts with one Idempotency-Key", () => {
  it("create one workout and get equal responses", async () => {
    const lifter = await Athlete.create(stack);
    const input = workout({ "leg-press": 3 });
    const headers = { "idempotency-key": randomUUID() };
    const workouts = await Promise.all(
      Array.from({ length: 10 }, () => lifter.post(input, headers)),
    );
    expect(new Set(workouts.map((each) => JSON.stringify(each))).size).toBe(1);
    expect((await lifter.workouts()).items).toEqual([workouts[0]]);
    expect(await lifter.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 1, sets: 3 });
  });
});
