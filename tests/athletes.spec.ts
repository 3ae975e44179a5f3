import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  Athlete,
  type Inbox,
  type Notification,
  type Page,
  startedAt,
  type Workout,
  workout,
} from "./support/athlete";
import { message, patternDetected } from "./support/events";
import { eventually } from "./support/eventually";
import { deliverNotifications } from "./support/notifications";
import { expectProblem } from "./support/problems";
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

describe("the profile", () => {
  const put = (json: object) => athlete.request("PUT", "/v1/me", { json });

  it("is changed field by field", async () => {
    const before = await athlete.get<object>("/v1/me");
    expect(before).toMatchObject({
      athlete_id: athlete.id,
      display_name: "Ada Lift",
      email: athlete.email,
      email_confirmed: true,
      email_threshold: 0.8,
      body_weight_kg: null,
    });
    const changed = await put({ units: "lb", body_weight_kg: 81.5 });
    expect(changed.status).toBe(200);
    const expected = { ...before, units: "lb", body_weight_kg: 81.5 };
    expect(await changed.json()).toEqual(expected);
    expect(await athlete.get("/v1/me")).toEqual(expected);
    await put({ email: null });
    expect(await athlete.get("/v1/me")).toEqual({
      ...expected,
      email: null,
      email_confirmed: false,
    });
  });

  it("is unchanged when any field is invalid", async () => {
    const before = await athlete.get("/v1/me");
    const rejected = await put({
      display_name: "",
      email: "nowhere",
      body_weight_kg: 1_001,
      email_threshold: 2,
    });
    const { errors } = await expectProblem(rejected, 422);
    const pointers = errors?.map(({ pointer }) => pointer).sort();
    expect(pointers).toEqual(["/body_weight_kg", "/display_name", "/email", "/email_threshold"]);
    for (const json of [{ units: "stone" }, { shoe_size: 43 }]) {
      await expectProblem(await put({ ...json, display_name: "Eve" }), 422);
    }
    expect(await athlete.get("/v1/me")).toEqual(before);
  });

  it("decides which emails are sent", async () => {
    const optedOut = await Athlete.create(stack);
    const json = { email_threshold: 1 };
    expect((await optedOut.request("PUT", "/v1/me", { json })).status).toBe(200);
    const unsure = { ...patternDetected(optedOut.id) };
    unsure.data = { ...unsure.data, confidence: 0.99 };
    const sure = patternDetected(athlete.id);
    await stack.deliver("webhook", "webhook-notification", [message(unsure), message(sure)]);
    await eventually(
      "the email to the other athlete",
      () => athlete.emails,
      (emails) => emails.length > 0,
    );
    expect((await optedOut.notifications()).items).toHaveLength(1);
    expect(optedOut.emails).toEqual([]);
  });
});

describe("a list", () => {
  it("of workouts has pages, newest first, each workout once", async () => {
    for (const daysAgo of [3, 1, 4, 0, 2]) {
      await athlete.post(smallWorkout(daysAgo));
    }
    const items = await pages<Workout>("/v1/workouts", 2);
    expect(items).toHaveLength(5);
    const times = items.map(({ started_at }) => Date.parse(started_at));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(items).toEqual((await athlete.workouts()).items);
  });

  it("of workouts is limited to the requested days", async () => {
    const inputs = [10, 20, 30].map((daysAgo) => smallWorkout(daysAgo));
    for (const input of inputs) {
      await athlete.post(input);
    }
    const day = inputs[1]?.started_at.slice(0, 10);
    const { items } = await athlete.get<Page<Workout>>(`/v1/workouts?from=${day}&to=${day}`);
    expect(items.map(({ started_at }) => started_at.slice(0, 10))).toEqual([day]);
    await expectProblem(await athlete.request("GET", "/v1/workouts?from=yesterday"), 400);
  });

  it("of notifications has pages, newest first, each once", async () => {
    await deliverNotifications(stack, athlete, 5);
    const items = await pages<Notification>("/v1/notifications", 2);
    expect(items).toHaveLength(5);
    expect(new Set(items.map(({ id }) => id)).size).toBe(5);
    expect(items).toEqual((await athlete.notifications()).items);
  });

  it("rejects an invalid limit or cursor", async () => {
    for (const path of ["/v1/workouts", "/v1/notifications"]) {
      for (const limit of ["0", "101", "-1", "many"]) {
        await expectProblem(await athlete.request("GET", `${path}?limit=${limit}`), 400);
      }
      await expectProblem(await athlete.request("GET", `${path}?cursor=nonsense`), 400);
    }
  });

  async function pages<T>(path: string, limit: number): Promise<T[]> {
    const items: T[] = [];
    let next: string | null = "";
    while (next !== null) {
      const cursor: string = next && `&cursor=${encodeURIComponent(next)}`;
      const page: Page<T> = await athlete.get(`${path}?limit=${limit}${cursor}`);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      items.push(...page.items);
      next = page.next_cursor;
    }
    return items;
  }
});

describe("a notification", () => {
  it("is marked as read once", async () => {
    await deliverNotifications(stack, athlete, 2);
    const [notification] = (await athlete.notifications()).items;
    const markRead = () => athlete.request("POST", `/v1/notifications/${notification?.id}/read`);
    expect((await markRead()).status).toBe(204);
    const first = await athlete.notifications();
    expect(first.unread).toBe(1);
    const readAt = first.items.find(({ id }) => id === notification?.id)?.read_at;
    expect(readAt).not.toBeNull();

    expect((await markRead()).status).toBe(204);
    const second = await athlete.notifications();
    expect(second.items.find(({ id }) => id === notification?.id)?.read_at).toBe(readAt);
    const unread = await athlete.get<Inbox>("/v1/notifications?unread=true");
    expect(unread.items).toHaveLength(1);
    expect(unread.items[0]?.id).not.toBe(notification?.id);
    await expectProblem(
      await athlete.request("POST", `/v1/notifications/${randomUUID()}/read`),
      404,
    );
  });

  it("is marked as read with all others", async () => {
    await deliverNotifications(stack, athlete, 3);
    expect((await athlete.request("POST", "/v1/notifications/read-all")).status).toBe(204);
    const inbox = await athlete.notifications();
    expect(inbox.unread).toBe(0);
    expect(inbox.items.every(({ read_at }) => read_at !== null)).toBe(true);
  });
});

describe("the catalogue", () => {
  it("has at least 300 exercises with their muscles", async () => {
    const { items } = await athlete.get<{ items: Record<string, unknown>[] }>("/v1/exercises");
    expect(items.length).toBeGreaterThanOrEqual(300);
    expect(new Set(items.map(({ slug }) => slug)).size).toBe(items.length);
    const press = items.find(({ slug }) => slug === "barbell-bench-press");
    expect(press).toMatchObject({
      name: "Barbell Bench Press",
      kind: "strength",
      movement: "horizontal_push",
      mechanic: "compound",
      force: "push",
      equipment: "barbell",
      primary: ["chest"],
      secondary: ["front_delts", "triceps"],
    });
  });
});
