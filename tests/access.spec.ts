import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Athlete, startedAt, workout } from "./support/athlete";
import { deliverNotifications } from "./support/notifications";
import { expectProblem } from "./support/problems";
import { OPERATOR_TOKEN, type RequestOptions, Stack } from "./support/stack";

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

describe("an API key", () => {
  const PATHS = [
    "/v1/workouts",
    "/v1/volume/weekly",
    "/v1/notifications",
    "/v1/me",
    "/v1/exercises",
  ];

  it.each(PATHS)("is required at %s", async (path) => {
    const get = (token?: string) => stack.request("GET", path, { token });
    await expectProblem(await get(), 401);
    await expectProblem(await get("bt_nonsense"), 401);
    await expectProblem(
      await get(`${athlete.key.slice(0, -1)}${athlete.key.endsWith("0") ? "1" : "0"}`),
      401,
    );
    await expectProblem(await get(OPERATOR_TOKEN), 403);
    expect((await get(athlete.key)).status).toBe(200);
  });

  it("is required to store a workout", async () => {
    const post = (token?: string) =>
      stack.request("POST", "/v1/workouts", { token, json: smallWorkout() });
    await expectProblem(await post(), 401);
    await expectProblem(await post(`bt_${"0".repeat(48)}_${"0".repeat(64)}`), 401);
    await expectProblem(await post(OPERATOR_TOKEN), 403);
  });

  it("of an athlete does not open operator paths", async () => {
    for (const path of ["/v1/admin/athletes", `/v1/admin/athletes/${athlete.id}/keys`]) {
      await expectProblem(
        await athlete.request("POST", path, { json: { display_name: "Eve" } }),
        403,
      );
    }
    await expectProblem(await stack.request("POST", "/v1/admin/athletes", { json: {} }), 401);
    await expectProblem(
      await stack.request("POST", "/v1/admin/athletes", { token: "x", json: {} }),
      401,
    );
  });

  it("is rejected immediately when revoked; other keys still work", async () => {
    const keys = `/v1/admin/athletes/${athlete.id}/keys`;
    const created = await stack.request("POST", keys, { token: OPERATOR_TOKEN });
    expect(created.status).toBe(201);
    const second = (await created.json()) as { key_id: string; api_key: string };
    const post = () => postWorkout({ token: second.api_key, json: smallWorkout() });
    expect((await post()).status).toBe(201);

    const revoke = () =>
      stack.request("DELETE", `${keys}/${second.key_id}`, { token: OPERATOR_TOKEN });
    expect((await revoke()).status).toBe(204);

    await expectProblem(await post(), 401);
    await expectProblem(
      await athlete.request("GET", "/v1/workouts", { token: second.api_key }),
      401,
    );
    expect(await stack.countRows("workouts", athlete.id)).toBe(1);
    expect((await athlete.request("GET", "/v1/workouts")).status).toBe(200);
  });
});

describe("a key that an athlete made", () => {
  interface Key {
    id: string;
    api_key: string;
  }

  const create = async (json: object): Promise<Key> => {
    const response = await athlete.request("POST", "/v1/keys", { json });
    expect(response.status).toBe(201);
    return (await response.json()) as Key;
  };

  it("can only read with the scope read", async () => {
    const { api_key: token } = await create({ name: "Watch app", scopes: ["read"] });
    expect((await athlete.request("GET", "/v1/workouts", { token })).status).toBe(200);
    await expectProblem(await postWorkout({ token, json: smallWorkout() }), 403);
    expect(await stack.countRows("workouts", athlete.id)).toBe(0);
  });

  it("ends when it is deleted", async () => {
    const { id, api_key: token } = await create({ name: "Phone", scopes: ["read", "write"] });
    expect((await postWorkout({ token, json: smallWorkout() })).status).toBe(201);
    expect((await athlete.request("DELETE", `/v1/keys/${id}`, { token })).status).toBe(204);
    await expectProblem(await postWorkout({ token, json: smallWorkout() }), 401);
    const { items } = await athlete.get<{ items: { id: string }[] }>("/v1/keys");
    expect(items.map((key) => key.id)).not.toContain(id);
  });
});

describe("two athletes", () => {
  it("cannot read or change each other's data", async () => {
    const other = await Athlete.create(stack);
    const input = smallWorkout();
    const mine = await athlete.post(input);
    await athlete.aggregatedWeek(input.started_at);
    await deliverNotifications(stack, athlete, 1);
    const [notification] = (await athlete.notifications()).items;

    for (const method of ["GET", "DELETE"]) {
      await expectProblem(await other.request(method, `/v1/workouts/${mine.id}`), 404);
    }
    await expectProblem(
      await other.request("POST", `/v1/notifications/${notification?.id}/read`),
      404,
    );
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
      await athlete.post(smallWorkout(), headers),
      await other.post(smallWorkout(1), headers),
    ];
    expect(mine.id).not.toBe(theirs.id);
    expect(theirs.athlete_id).toBe(other.id);
  });
});
