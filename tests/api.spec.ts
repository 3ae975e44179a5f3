import { randomUUID } from "node:crypto";
import type { Response } from "miniflare";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  Athlete,
  HARD_SET,
  type Inbox,
  muscle,
  type Notification,
  type Page,
  startedAt,
  type Workout,
  workout,
} from "./support/athlete";
import { event, message, patternDetected } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, type RequestOptions, Stack } from "./support/stack";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance?: string;
  errors?: { pointer: string; detail: string }[];
}

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

beforeEach(async () => {
  athlete = await Athlete.create(stack);
});

const small = (daysAgo = 0) => workout({ "pec-deck": 2 }, startedAt(daysAgo));

/** The problem of a refused request, whose frame is the same for all. */
async function problem(response: Response, status: number): Promise<Problem> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  expect(response.headers.get("x-request-id")).toMatch(UUID);
  const body = (await response.json()) as Problem;
  expect(body.status).toBe(status);
  expect(body.title).not.toBe("");
  return body;
}

const postWorkout = (options: RequestOptions) => athlete.request("POST", "/v1/workouts", options);

it("every answer tells browsers to keep, run and frame nothing of it", async () => {
  const answers = [
    await stack.request("GET", "/healthz"),
    await athlete.request("GET", "/v1/me"),
    await athlete.request("GET", "/v1/export"),
    await stack.request("GET", "/nowhere"),
  ];
  for (const { url, headers } of answers) {
    expect(Object.fromEntries(headers), url).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=31536000",
      "x-content-type-options": "nosniff",
    });
  }
});

describe("the body of a request", () => {
  it("is 400 when it is not JSON", async () => {
    const headers = { "content-type": "application/json" };
    await problem(await postWorkout({ text: "{ not json", headers }), 400);
    await problem(await postWorkout({ text: "", headers }), 400);
  });

  it("is 415 when it does not say that it is JSON", async () => {
    const text = JSON.stringify(small());
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      await problem(await postWorkout({ text, headers: { "content-type": type } }), 415);
    }
    const headers = { "content-type": "application/json; charset=utf-8" };
    expect((await postWorkout({ text, headers })).status).toBe(201);
  });

  it("is 413 over 256 KiB, and not a byte before", async () => {
    const headers = { "content-type": "application/json" };
    const text = JSON.stringify(small());
    const padded = (bytes: number) => text + " ".repeat(bytes - text.length);
    expect((await postWorkout({ text: padded(256 * 1024), headers })).status).toBe(201);
    await problem(await postWorkout({ text: padded(256 * 1024 + 1), headers }), 413);
    await problem(await postWorkout({ text: padded(2 * 1024 * 1024), headers }), 413);
    // Over what a client can write before somebody reads: the rest is read too, so that it sees the answer.
    await problem(await postWorkout({ text: padded(8 * 1024 * 1024), headers }), 413);
  });

  it("is 422 with a pointer for each bad field", async () => {
    const started_at = startedAt();
    const body = {
      title: "x".repeat(2_001),
      started_at,
      ended_at: new Date(Date.parse(started_at) - 1_000).toISOString(),
      exercises: [
        { exercise: "underwater-bench-press", sets: [HARD_SET] },
        {
          exercise: "barbell-bench-press",
          sets: [
            HARD_SET,
            { kind: "working", weight_kg: 1_000.5, reps: 1_001 },
            { kind: "working", weight_kg: -1, reps: -1 },
            { kind: "working", weight_kg: 60, reps: 8, rpe: 8, rir: 2 },
            { kind: "working", weight_kg: 60, weight_lb: 130, reps: 8, rpe: 8.3 },
            { kind: "heroic", reps: 8, tempo: "3010" },
          ],
        },
      ],
    };
    const { errors = [] } = await problem(await postWorkout({ json: body }), 422);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      "/ended_at",
      "/exercises/0/exercise",
      "/exercises/1/sets/1/reps",
      "/exercises/1/sets/1/weight_kg",
      "/exercises/1/sets/2/reps",
      "/exercises/1/sets/2/weight_kg",
      "/exercises/1/sets/3/rir",
      "/exercises/1/sets/4/rpe",
      "/exercises/1/sets/4/weight_lb",
      "/exercises/1/sets/5/kind",
      "/exercises/1/sets/5/tempo",
      "/title",
    ]);
    expect(errors.every(({ detail }) => detail !== "")).toBe(true);
    expect(await stack.rows("workouts", athlete.id)).toBe(0);
  });

  it.each([
    { wrong: "more than 24 hours ahead", started_at: startedAt(-2), pointer: "/started_at" },
    { wrong: "before 1970", started_at: "1969-12-31T23:59:59Z", pointer: "/started_at" },
    { wrong: "without an offset", started_at: "2026-11-16T18:00:00", pointer: "/started_at" },
  ])("is 422 when it begins $wrong", async ({ started_at, pointer }) => {
    const { ended_at: _, ...begun } = small();
    const { errors } = await problem(await postWorkout({ json: { ...begun, started_at } }), 422);
    expect(errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it("is 422 over 50 exercises or 500 sets, and 201 at both limits", async () => {
    const input = (exercises: number, sets: number) => ({
      ...small(),
      exercises: Array.from({ length: exercises }, () => ({
        exercise: "pec-deck",
        sets: Array.from({ length: sets }, () => ({ kind: "working", reps: 8 })),
      })),
    });
    expect((await postWorkout({ json: input(50, 10) })).status).toBe(201);
    await problem(await postWorkout({ json: input(51, 1) }), 422);
    await problem(await postWorkout({ json: input(1, 501) }), 422);
    await problem(await postWorkout({ json: input(50, 11) }), 422);
  });
});

describe("a path", () => {
  it("that is not there is 404", async () => {
    for (const path of ["/", "/v1", "/v1/nothing", "/v1/workouts/not-a-uuid"]) {
      await problem(await athlete.request("GET", path), 404);
    }
    await problem(await athlete.request("GET", `/v1/workouts/${randomUUID()}`), 404);
    await problem(await athlete.request("DELETE", `/v1/workouts/${randomUUID()}`), 404);
  });

  it.each([
    { method: "PATCH", path: "/v1/workouts", allow: "GET, POST" },
    { method: "PUT", path: "/v1/notifications", allow: "GET" },
    { method: "PATCH", path: "/v1/me", allow: "GET, PUT, DELETE" },
    { method: "POST", path: "/healthz", allow: "GET" },
    { method: "GET", path: "/v1/admin/athletes", allow: "POST" },
  ])("takes no $method at $path and says what it takes", async ({ method, path, allow }) => {
    const response = await athlete.request(method, path);
    expect(response.headers.get("allow")).toBe(allow);
    await problem(response, 405);
  });

  it("is answered with an id of its own each time", async () => {
    const ids = new Set<string | null>();
    for (const path of ["/healthz", "/nowhere", "/v1/me", "/v1/exercises"]) {
      const id = (await athlete.request("GET", path)).headers.get("x-request-id");
      expect(id).toMatch(UUID);
      ids.add(id);
    }
    expect(ids.size).toBe(4);
  });

  it("of health needs no key", async () => {
    expect((await stack.request("GET", "/healthz")).status).toBe(200);
  });
});

describe("a key", () => {
  const PATHS = [
    "/v1/workouts",
    "/v1/volume/weekly",
    "/v1/notifications",
    "/v1/me",
    "/v1/exercises",
  ];

  it.each(PATHS)("is asked for at %s", async (path) => {
    const get = (token?: string) => stack.request("GET", path, { token });
    await problem(await get(), 401);
    await problem(await get("bt_nonsense"), 401);
    await problem(
      await get(`${athlete.key.slice(0, -1)}${athlete.key.endsWith("0") ? "1" : "0"}`),
      401,
    );
    await problem(await get(OPERATOR_TOKEN), 403);
    expect((await get(athlete.key)).status).toBe(200);
  });

  it("is asked for before a workout is stored", async () => {
    const post = (token?: string) =>
      stack.request("POST", "/v1/workouts", { token, json: small() });
    await problem(await post(), 401);
    await problem(await post(`bt_${"0".repeat(48)}_${"0".repeat(64)}`), 401);
    await problem(await post(OPERATOR_TOKEN), 403);
  });

  it("of an athlete opens no operator's path", async () => {
    for (const path of ["/v1/admin/athletes", `/v1/admin/athletes/${athlete.id}/keys`]) {
      await problem(await athlete.request("POST", path, { json: { display_name: "Eve" } }), 403);
    }
    await problem(await stack.request("POST", "/v1/admin/athletes", { json: {} }), 401);
    await problem(await stack.request("POST", "/v1/admin/athletes", { token: "x", json: {} }), 401);
  });

  it("that is revoked stops working at once, and the others do not", async () => {
    const keys = `/v1/admin/athletes/${athlete.id}/keys`;
    const made = await stack.request("POST", keys, { token: OPERATOR_TOKEN });
    expect(made.status).toBe(201);
    const second = (await made.json()) as { key_id: string; api_key: string };
    const post = () => postWorkout({ token: second.api_key, json: small() });
    expect((await post()).status).toBe(201);

    const revoke = () =>
      stack.request("DELETE", `${keys}/${second.key_id}`, { token: OPERATOR_TOKEN });
    expect((await revoke()).status).toBe(204);

    await problem(await post(), 401);
    await problem(await athlete.request("GET", "/v1/workouts", { token: second.api_key }), 401);
    expect(await stack.rows("workouts", athlete.id)).toBe(1);
    expect((await athlete.request("GET", "/v1/workouts")).status).toBe(200);
  });
});

describe("two athletes", () => {
  it("cannot see or touch what is the other's", async () => {
    const other = await Athlete.create(stack);
    const input = small();
    const mine = await athlete.post(input);
    await athlete.aggregatedWeek(input.started_at);
    await deliverNews(athlete, 1);
    const [notice] = (await athlete.notifications()).items;

    for (const method of ["GET", "DELETE"]) {
      await problem(await other.request(method, `/v1/workouts/${mine.id}`), 404);
    }
    await problem(await other.request("POST", `/v1/notifications/${notice?.id}/read`), 404);
    expect((await other.request("POST", "/v1/notifications/read-all")).status).toBe(204);
    expect((await other.workouts()).items).toEqual([]);
    expect((await other.notifications()).items).toEqual([]);
    expect(await other.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 0, sets: 0 });

    expect(await athlete.get(`/v1/workouts/${mine.id}`)).toEqual(mine);
    expect(await athlete.notifications()).toMatchObject({ unread: 1 });
    expect(await athlete.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 1 });
  });

  it("may use the same Idempotency-Key", async () => {
    const other = await Athlete.create(stack);
    const headers = { "idempotency-key": "monday" };
    const [mine, theirs] = [
      await athlete.post(small(), headers),
      await other.post(small(1), headers),
    ];
    expect(mine.id).not.toBe(theirs.id);
    expect(theirs.athlete_id).toBe(other.id);
  });
});

describe("a list", () => {
  it("of workouts comes in pages, newest first, each workout once", async () => {
    for (const daysAgo of [3, 1, 4, 0, 2]) {
      await athlete.post(small(daysAgo));
    }
    const items = await pages<Workout>("/v1/workouts", 2);
    expect(items).toHaveLength(5);
    const times = items.map(({ started_at }) => Date.parse(started_at));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(items).toEqual((await athlete.workouts()).items);
  });

  it("of workouts is cut to the days that are asked for", async () => {
    const inputs = [10, 20, 30].map((daysAgo) => small(daysAgo));
    for (const input of inputs) {
      await athlete.post(input);
    }
    const day = inputs[1]?.started_at.slice(0, 10);
    const { items } = await athlete.get<Page<Workout>>(`/v1/workouts?from=${day}&to=${day}`);
    expect(items.map(({ started_at }) => started_at.slice(0, 10))).toEqual([day]);
    await problem(await athlete.request("GET", "/v1/workouts?from=yesterday"), 422);
  });

  it("of notifications comes in pages, newest first, each once", async () => {
    await deliverNews(athlete, 5);
    const items = await pages<Notification>("/v1/notifications", 2);
    expect(items).toHaveLength(5);
    expect(new Set(items.map(({ id }) => id)).size).toBe(5);
    expect(items).toEqual((await athlete.notifications()).items);
  });

  it("refuses a limit or a cursor that cannot be", async () => {
    for (const path of ["/v1/workouts", "/v1/notifications"]) {
      for (const limit of ["0", "101", "-1", "many"]) {
        await problem(await athlete.request("GET", `${path}?limit=${limit}`), 422);
      }
      await problem(await athlete.request("GET", `${path}?cursor=nonsense`), 400);
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
  it("is read once, and then it is not unread any more", async () => {
    await deliverNews(athlete, 2);
    const [notice] = (await athlete.notifications()).items;
    const read = () => athlete.request("POST", `/v1/notifications/${notice?.id}/read`);
    expect((await read()).status).toBe(204);
    const first = await athlete.notifications();
    expect(first.unread).toBe(1);
    const readAt = first.items.find(({ id }) => id === notice?.id)?.read_at;
    expect(readAt).not.toBeNull();

    expect((await read()).status).toBe(204);
    const again = await athlete.notifications();
    expect(again.items.find(({ id }) => id === notice?.id)?.read_at).toBe(readAt);
    const unread = await athlete.get<Inbox>("/v1/notifications?unread=true");
    expect(unread.items).toHaveLength(1);
    expect(unread.items[0]?.id).not.toBe(notice?.id);
    await problem(await athlete.request("POST", `/v1/notifications/${randomUUID()}/read`), 404);
  });

  it("is read with all the others", async () => {
    await deliverNews(athlete, 3);
    expect((await athlete.request("POST", "/v1/notifications/read-all")).status).toBe(204);
    const inbox = await athlete.notifications();
    expect(inbox.unread).toBe(0);
    expect(inbox.items.every(({ read_at }) => read_at !== null)).toBe(true);
  });
});

describe("the profile", () => {
  const put = (json: object) => athlete.request("PUT", "/v1/me", { json });

  it("is changed field by field", async () => {
    const before = await athlete.get<object>("/v1/me");
    expect(before).toMatchObject({
      athlete_id: athlete.id,
      display_name: "Ada Lift",
      email: athlete.email,
      email_threshold: 0.8,
      body_weight_kg: null,
    });
    const changed = await put({ units: "lb", body_weight_kg: 81.5 });
    expect(changed.status).toBe(200);
    const expected = { ...before, units: "lb", body_weight_kg: 81.5 };
    expect(await changed.json()).toEqual(expected);
    expect(await athlete.get("/v1/me")).toEqual(expected);
    await put({ email: null });
    expect(await athlete.get("/v1/me")).toEqual({ ...expected, email: null });
  });

  it("is not changed at all when one field is bad", async () => {
    const before = await athlete.get("/v1/me");
    const refused = await put({
      display_name: "",
      email: "nowhere",
      units: "stone",
      body_weight_kg: 1_001,
      email_threshold: 2,
      shoe_size: 43,
    });
    const { errors } = await problem(refused, 422);
    const pointers = errors?.map(({ pointer }) => pointer).sort();
    expect(pointers).toEqual([
      "/body_weight_kg",
      "/display_name",
      "/email",
      "/email_threshold",
      "/shoe_size",
      "/units",
    ]);
    expect(await athlete.get("/v1/me")).toEqual(before);
  });

  it("decides what is mailed", async () => {
    const silent = await Athlete.create(stack);
    const json = { email_threshold: 1 };
    expect((await silent.request("PUT", "/v1/me", { json })).status).toBe(200);
    const unsure = { ...patternDetected(silent.id) };
    unsure.data = { ...unsure.data, confidence: 0.99 };
    const sure = patternDetected(athlete.id);
    await stack.deliver("webhook", "webhook-notification", [message(unsure), message(sure)]);
    await eventually(
      "the mail to the other athlete",
      () => athlete.mails,
      (mails) => mails.length > 0,
    );
    expect((await silent.notifications()).items).toHaveLength(1);
    expect(silent.mails).toEqual([]);
  });
});

describe("the catalogue", () => {
  it("names 60 to 80 exercises, each with what it trains", async () => {
    const { items } = await athlete.get<{ items: Record<string, unknown>[] }>("/v1/exercises");
    expect(items.length).toBeGreaterThanOrEqual(60);
    expect(items.length).toBeLessThanOrEqual(80);
    expect(new Set(items.map(({ slug }) => slug)).size).toBe(items.length);
    const press = items.find(({ slug }) => slug === "barbell-bench-press");
    expect(press).toMatchObject({
      name: "Barbell Bench Press",
      mechanic: "compound",
      force: "push",
      equipment: "barbell",
      primary: ["chest"],
      secondary: ["front_delts", "triceps"],
    });
  });
});

describe("with the database away", () => {
  it("a POST is 503, and nothing is half-written", async () => {
    const input = small();
    const headers = { "idempotency-key": randomUUID() };
    // The last statement of the batch fails: those before it were run, and are to be undone.
    const response = await stack.without("workouts", () => postWorkout({ json: input, headers }));
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    const { detail } = await problem(response, 503);
    expect(detail).not.toContain("no such table");
    expect(await stack.rows("workouts", athlete.id)).toBe(0);
    expect(await stack.rows("idempotency_keys", athlete.id)).toBe(0);

    const posted = await athlete.post(input, headers);
    expect((await athlete.workouts()).items).toEqual([posted]);
    expect(await athlete.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 1 });
  });

  it("a DELETE is 503, and the workout stays", async () => {
    const posted = await athlete.post(small());
    const path = `/v1/workouts/${posted.id}`;
    const response = await stack.without("api_keys", () => athlete.request("DELETE", path));
    expect(response.headers.get("retry-after")).not.toBeNull();
    await problem(response, 503);
    expect(await athlete.get(path)).toEqual(posted);
  });

  it("a GET is 503", async () => {
    const paths = ["/v1/workouts", "/v1/volume/weekly", "/v1/notifications", "/v1/me"];
    await stack.without("api_keys", async () => {
      for (const path of paths) {
        const response = await athlete.request("GET", path);
        expect(response.headers.get("retry-after")).not.toBeNull();
        await problem(response, 503);
      }
    });
  });
});

describe("the sweep", () => {
  it("sends what no queue would take, and then it counts", async () => {
    const input = small();
    const accepted = await stack.requestWithoutQueues("POST", "/v1/workouts", {
      token: athlete.key,
      json: input,
    });
    expect(accepted.status).toBe(201);
    const { id } = (await accepted.json()) as Workout;
    expect(await athlete.weekly(input.started_at)).toMatchObject({ pending: 1 });

    // Its event may still be on its way: the sweep leaves it alone for a minute.
    await stack.strikeCron();
    expect(await resends(id)).toBe(0);

    await makeOverdue(id);
    await stack.strikeCron();
    expect(await resends(id)).toBe(1);
    const week = await athlete.aggregatedWeek(input.started_at);
    expect(week.workouts).toBe(1);
    expect(muscle(week, "chest").hard_sets).toBe(2);
  });

  it("sends a deletion that no queue would take", async () => {
    const input = small();
    const { id } = await athlete.post(input);
    await athlete.aggregatedWeek(input.started_at);
    const token = athlete.key;
    const deleted = await stack.requestWithoutQueues("DELETE", `/v1/workouts/${id}`, { token });
    expect(deleted.status).toBe(204);
    expect(await athlete.weekly(input.started_at)).toMatchObject({ pending: 1 });

    await makeOverdue(id);
    await stack.strikeCron();
    expect(await athlete.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 0 });
  });

  it("changes nothing when the event was not lost after all", async () => {
    const input = small();
    const { id } = await athlete.post(input);
    const before = await athlete.aggregatedWeek(input.started_at);
    await stack.database
      .prepare("UPDATE workouts SET aggregated_revision = 0 WHERE workout_id = ?")
      .bind(id)
      .run();
    await makeOverdue(id);
    await stack.strikeCron();
    expect(await athlete.aggregatedWeek(input.started_at)).toEqual(before);
  });

  it("outlives a database that is away", async () => {
    await stack.without("workouts", () => stack.strikeCron());
    expect((await athlete.request("GET", "/v1/workouts")).status).toBe(200);
  });

  const makeOverdue = (workoutId: string) =>
    stack.database
      .prepare("UPDATE workouts SET resend_at_ms = 0 WHERE workout_id = ?")
      .bind(workoutId)
      .run();

  const resends = (workoutId: string) =>
    stack.database
      .prepare("SELECT resends FROM workouts WHERE workout_id = ?")
      .bind(workoutId)
      .first<number>("resends");
});

describe("outgoing webhooks, on D1 and WebCrypto", () => {
  const call = (method: string, path: string, json?: unknown) =>
    athlete.request(method, `/v1/webhooks${path}`, { json });

  it("keep their secret to the one answer that shows it", async () => {
    const created = await call("POST", "", { url: "https://hooks.example/bulktrack" });
    expect(created.status).toBe(201);
    const { id, secret } = (await created.json()) as { id: string; secret: string };
    expect(created.headers.get("location")).toBe(`/v1/webhooks/${id}`);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const rotated = await call("POST", `/${id}/rotate-secret`);
    expect(rotated.status).toBe(200);
    const stored = await stack.database
      .prepare("SELECT signing_keys FROM webhook_endpoints WHERE endpoint_id = ?")
      .bind(id)
      .first<string>("signing_keys");
    const sealed = (JSON.parse(stored ?? "[]") as { sealed: string }[]).map((key) => key.sealed);
    // 12 bytes of nonce, the 50 of the text, 16 of the tag.
    expect(sealed).toEqual([1, 2].map(() => expect.stringMatching(/^v1\.[A-Za-z0-9+/]{104}$/)));
    for (const path of ["", `/${id}`]) {
      expect(await (await call("GET", path)).text()).not.toContain("whsec_");
    }
  });

  it("say in the log of a delivery that its endpoint was disabled", async () => {
    const url = "https://hooks.example/bulktrack";
    const { id } = (await (await call("POST", "", { url })).json()) as { id: string };
    const test = await call("POST", `/${id}/test`);
    expect(test.status).toBe(202);
    const { delivery_id } = (await test.json()) as { delivery_id: string };
    const disabled = await call("PATCH", `/${id}`, { enabled: false });
    expect(await disabled.json()).toMatchObject({ status: "disabled", counts: { failed: 1 } });
    const delivery = await call("GET", `/${id}/deliveries/${delivery_id}`);
    expect(delivery.status).toBe(200);
    const last = { outcome: "disabled", error: "endpoint disabled" };
    expect(await delivery.json()).toMatchObject({ event_type: "endpoint.test", last });
    expect((await call("POST", `/${id}/deliveries/${delivery_id}/retry`)).status).toBe(409);
  });
});

/** Puts so many notices into an athlete's inbox. */
async function deliverNews(to: Athlete, count: number): Promise<void> {
  const news = Array.from({ length: count }, () => message(event("NotificationRequested", to.id)));
  await stack.deliver("webhook", "webhook-notification", news);
}
