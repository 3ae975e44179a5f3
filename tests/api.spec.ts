import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Athlete, HARD_SET, startedAt, workout } from "./support/athlete";
import { expectProblem, UUID } from "./support/problems";
import { type RequestOptions, Stack } from "./support/stack";

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

const postWorkout = (options: RequestOptions) => athlete.request("POST", "/v1/workouts", options);

it("responses forbid browsers to cache, run or frame them", async () => {
  const responses = [
    await stack.request("GET", "/healthz"),
    await athlete.request("GET", "/v1/me"),
    await athlete.request("GET", "/v1/export"),
    await stack.request("GET", "/nowhere"),
  ];
  for (const { url, headers } of responses) {
    expect(Object.fromEntries(headers), url).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=31536000",
      "x-content-type-options": "nosniff",
    });
  }
});

describe("a request body", () => {
  it("is 400 when it is not JSON", async () => {
    const headers = { "content-type": "application/json" };
    await expectProblem(await postWorkout({ text: "{ not json", headers }), 400);
    await expectProblem(await postWorkout({ text: "", headers }), 400);
  });

  it("is 415 without the content type of JSON", async () => {
    const text = JSON.stringify(smallWorkout());
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      await expectProblem(await postWorkout({ text, headers: { "content-type": type } }), 415);
    }
    const headers = { "content-type": "application/json; charset=utf-8" };
    expect((await postWorkout({ text, headers })).status).toBe(201);
  });

  it("is 413 over 256 KiB only", async () => {
    const headers = { "content-type": "application/json" };
    const text = JSON.stringify(smallWorkout());
    const padded = (bytes: number) => text + " ".repeat(bytes - text.length);
    expect((await postWorkout({ text: padded(256 * 1024), headers })).status).toBe(201);
    await expectProblem(await postWorkout({ text: padded(256 * 1024 + 1), headers }), 413);
    await expectProblem(await postWorkout({ text: padded(2 * 1024 * 1024), headers }), 413);
    // More than the socket buffers: the api reads the rest, so that the client gets the response.
    await expectProblem(await postWorkout({ text: padded(8 * 1024 * 1024), headers }), 413);
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
            { kind: "working", weight_kg: -1, duration_s: 86_401 },
            { kind: "working", weight_kg: 60, reps: 8, rpe: 8, rir: 2 },
            { kind: "working", weight_kg: 60, weight_lb: 130, reps: 8, rpe: 8.3 },
          ],
        },
      ],
    };
    const { errors = [] } = await expectProblem(await postWorkout({ json: body }), 422);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      "/ended_at",
      "/exercises/1/sets/1/reps",
      "/exercises/1/sets/1/weight_kg",
      "/exercises/1/sets/2/duration_s",
      "/exercises/1/sets/2/weight_kg",
      "/exercises/1/sets/3/rir",
      "/exercises/1/sets/4/rpe",
      "/exercises/1/sets/4/weight_lb",
      "/title",
    ]);
    expect(errors.every(({ detail }) => detail !== "")).toBe(true);
    expect(await stack.countRows("workouts", athlete.id)).toBe(0);
  });

  it.each([
    { wrong: "more than 24 hours ahead", started_at: startedAt(-2), pointer: "/started_at" },
    { wrong: "before 1970", started_at: "1969-12-31T23:59:59Z", pointer: "/started_at" },
    { wrong: "without an offset", started_at: "2026-11-16T18:00:00", pointer: "/started_at" },
  ])("is 422 with a start $wrong", async ({ started_at, pointer }) => {
    const { ended_at: _, ...input } = smallWorkout();
    const { errors } = await expectProblem(
      await postWorkout({ json: { ...input, started_at } }),
      422,
    );
    expect(errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it("is 422 over 50 exercises or over 500 sets", async () => {
    const input = (exercises: number, sets: number) => ({
      ...smallWorkout(),
      exercises: Array.from({ length: exercises }, () => ({
        exercise: "pec-deck",
        sets: Array.from({ length: sets }, () => ({ kind: "working", reps: 8 })),
      })),
    });
    expect((await postWorkout({ json: input(50, 10) })).status).toBe(201);
    await expectProblem(await postWorkout({ json: input(51, 1) }), 422);
    await expectProblem(await postWorkout({ json: input(1, 501) }), 422);
    await expectProblem(await postWorkout({ json: input(50, 11) }), 422);
  });
});

describe("a path", () => {
  it("is 404 when unknown", async () => {
    for (const path of ["/", "/v1", "/v1/nothing", "/v1/workouts/not-a-uuid"]) {
      await expectProblem(await athlete.request("GET", path), 404);
    }
    await expectProblem(await athlete.request("GET", `/v1/workouts/${randomUUID()}`), 404);
    await expectProblem(await athlete.request("DELETE", `/v1/workouts/${randomUUID()}`), 404);
  });

  it.each([
    { method: "PATCH", path: "/v1/workouts", allow: "GET, POST, HEAD, OPTIONS" },
    { method: "PUT", path: "/v1/notifications", allow: "GET, HEAD, OPTIONS" },
    { method: "PATCH", path: "/v1/me", allow: "GET, PUT, DELETE, HEAD, OPTIONS" },
    { method: "POST", path: "/healthz", allow: "GET, HEAD, OPTIONS" },
    { method: "GET", path: "/v1/admin/athletes", allow: "POST, OPTIONS" },
  ])("rejects $method at $path and lists the allowed methods", async ({ method, path, allow }) => {
    const response = await athlete.request(method, path);
    expect(response.headers.get("allow")).toBe(allow);
    await expectProblem(response, 405);
  });

  it("has a request id in each response", async () => {
    const ids = new Set<string | null>();
    for (const path of ["/healthz", "/nowhere", "/v1/me", "/v1/exercises"]) {
      const id = (await athlete.request("GET", path)).headers.get("x-request-id");
      expect(id).toMatch(UUID);
      ids.add(id);
    }
    expect(ids.size).toBe(4);
  });

  it("needs no key for /healthz", async () => {
    expect((await stack.request("GET", "/healthz")).status).toBe(200);
  });
});

describe("with the database unavailable", () => {
  it("a POST is 503 and writes nothing", async () => {
    const input = smallWorkout();
    const headers = { "idempotency-key": randomUUID() };
    const response = await stack.withoutTable("workouts", () =>
      postWorkout({ json: input, headers }),
    );
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    const { detail } = await expectProblem(response, 503);
    expect(detail).not.toContain("no such table");
    expect(await stack.countRows("workouts", athlete.id)).toBe(0);

    const posted = await athlete.post(input, headers);
    expect((await athlete.workouts()).items).toEqual([posted]);
    expect(await athlete.aggregatedWeek(input.started_at)).toMatchObject({ workouts: 1 });
  });

  it("a DELETE is 503 and deletes nothing", async () => {
    const posted = await athlete.post(smallWorkout());
    const path = `/v1/workouts/${posted.id}`;
    const response = await stack.withoutTable("api_keys", () => athlete.request("DELETE", path));
    expect(response.headers.get("retry-after")).not.toBeNull();
    await expectProblem(response, 503);
    expect(await athlete.get(path)).toEqual(posted);
  });

  it("a GET is 503", async () => {
    const paths = ["/v1/workouts", "/v1/volume/weekly", "/v1/notifications", "/v1/me"];
    await stack.withoutTable("api_keys", async () => {
      for (const path of paths) {
        const response = await athlete.request("GET", path);
        expect(response.headers.get("retry-after")).not.toBeNull();
        await expectProblem(response, 503);
      }
    });
  });
});
