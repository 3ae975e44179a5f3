import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, muscle, thirtySetsOfChest, type Workout, workout } from "./support/athlete";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

/** A posted workout is a notification within this time. */
const THROUGH_WITHIN_MS = 15_000;

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

  it("is answered 201 with its place and its revision", async () => {
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

  it("shows in the volume of its week within 15 s", async () => {
    const week = await athlete.aggregatedWeek(input.started_at, THROUGH_WITHIN_MS);
    expect(week).toMatchObject({ workouts: 1, sets: 30, hard_sets: 30 });
    expect(muscle(week, "chest")).toMatchObject({ hard_sets: 30, mrv: 24, level: "above_mrv" });
    expect(muscle(week, "triceps")).toMatchObject({ hard_sets: 5, level: "productive" });
    expect(muscle(week, "quads")).toMatchObject({ hard_sets: 0, level: "below_mev" });
  });

  it("comes out as one notice that contains the numbers", async () => {
    const inbox = await eventually(
      "a notice",
      () => athlete.notifications(),
      ({ items }) => items.length > 0,
      THROUGH_WITHIN_MS,
    );
    expect(inbox).toMatchObject({ unread: 1, next_cursor: null });
    expect(inbox.items).toHaveLength(1);
    const [notice] = inbox.items;
    expect(notice).toMatchObject({ kind: "volume_above_mrv", read_at: null });
    expect(notice?.title).toContain("Chest");
    expect(notice?.body).toMatch(/\b30\b/);
    expect(notice?.body).toMatch(/\b24\b/);
    expect(notice?.data).toMatchObject({ evidence: { hard_sets: 30, mrv: 24 } });
  });

  it("is mailed once", async () => {
    await eventually(
      "a mail",
      () => athlete.mails,
      (mails) => mails.length > 0,
    );
    expect(athlete.mails).toHaveLength(1);
    const [mail] = athlete.mails;
    expect(mail?.subject).toContain("Chest");
    expect(mail?.text).toMatch(/\b30\b.*\b24\b/s);
    expect(mail?.html).toContain(`${mail?.subject ?? ""}</h1>`);
    expect(mail?.attachments).toEqual([]);
  });

  it("carries one trace through all four workers", async () => {
    const workers = await eventually(
      "four workers log the trace",
      () => [...new Set(stack.log.with({ trace_id: traceId }).map((line) => line.worker))],
      (seen) => seen.length === 4,
    );
    expect(workers.sort()).toEqual(["aggregation", "ai", "api", "webhook"]);
  });

  it("leaves no key, no address and none of its text in the log", () => {
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

  it("is stored once when it is posted again under the same Idempotency-Key", async () => {
    const before = await athlete.weekly(input.started_at);
    const again = await post(input);
    expect(again.status).toBe(201);
    expect(again.headers.get("location")).toBe(`/v1/workouts/${posted.id}`);
    expect(again.headers.get("etag")).toBe('"1"');
    expect(await again.json()).toEqual(posted);
    expect(await athlete.weekly(input.started_at)).toEqual(before);
    const { items } = await athlete.workouts();
    expect(items).toEqual([posted]);
  });

  it("refuses another body under the same Idempotency-Key", async () => {
    const other = await post({ ...input, title: "Something else" });
    expect(other.status).toBe(422);
    expect(other.headers.get("content-type")).toContain("application/problem+json");
    expect((await athlete.workouts()).items).toHaveLength(1);
  });

  it("is taken out of the totals when it is deleted", async () => {
    const path = `/v1/workouts/${posted.id}`;
    expect((await athlete.request("DELETE", path)).status).toBe(204);
    expect((await athlete.request("GET", path)).status).toBe(404);
    expect((await athlete.request("DELETE", path)).status).toBe(404);
    const week = await athlete.aggregatedWeek(input.started_at, THROUGH_WITHIN_MS);
    expect(week).toMatchObject({ workouts: 0, sets: 0, hard_sets: 0, tonnage_kg: 0 });
    expect(muscle(week, "chest")).toMatchObject({ hard_sets: 0, level: "below_mev" });
    expect((await athlete.workouts()).items).toEqual([]);
  });
});

describe("a workout that goes on", () => {
  it("counts as far as it is logged", async () => {
    const { ended_at: _, ...begun } = workout({ "leg-press": 3 });
    const lifter = await Athlete.create(stack);
    const answer = await lifter.post(begun);
    expect(answer).toMatchObject({ status: "in_progress", revision: 1, totals: { hard_sets: 3 } });
    const week = await lifter.aggregatedWeek(begun.started_at);
    expect(muscle(week, "quads").hard_sets).toBe(3);
    expect(muscle(week, "glutes").hard_sets).toBe(1.5);
  });
});

describe("a workout posted ten times at once under one Idempotency-Key", () => {
  it("is one workout, and ten times the same answer", async () => {
    const lifter = await Athlete.create(stack);
    const input = workout({ "leg-press": 3 });
    const headers = { "idempotency-key": randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => lifter.post(input, headers)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await lifter.workouts()).items).toEqual([answers[0]]);
    expect(await lifter.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 1, sets: 3 });
  });
});
