import { beforeAll, describe, expect, it } from "vitest";
import { Athlete, type WorkoutInput } from "./support/athlete";
import type { Envelope } from "./support/events";
import { eventually } from "./support/eventually";
import { example, NOTIFICATION_TYPES, type Payload } from "./support/payloads";
import {
  endpoint,
  isDelivered,
  receiver,
  secrets,
  stack,
  testSecrecy,
  useWebhookFixture,
} from "./support/webhook-fixture";
import {
  type CreatedEndpoint,
  call,
  exampleEvent,
  listDeliveries,
  publish,
  readEndpoint,
  verifyRequest,
  waitForDelivery,
  waitForRequests,
  webhookId,
} from "./support/webhooks";

useWebhookFixture();

describe("a notification", () => {
  const types = NOTIFICATION_TYPES;
  const published = new Map<string, Envelope>();
  let athlete: Athlete;
  let full: CreatedEndpoint;
  let thin: CreatedEndpoint;
  let selective: CreatedEndpoint;

  beforeAll(async () => {
    athlete = await Athlete.create(stack);
    full = await endpoint(athlete, "ok");
    thin = await endpoint(athlete, "ok", { payload: "thin", signature: "v1a" });
    selective = await endpoint(athlete, "ok", { event_types: ["record.set"] });
    for (const type of types) {
      const envelope = exampleEvent(type, athlete);
      published.set(type, envelope);
      await publish(stack, envelope);
    }
  });

  it("is delivered as documented, signed with the secret", async () => {
    const received = await waitForRequests(receiver, full.url, types.length);
    expect(received).toHaveLength(types.length);
    const payloads = received.map((request) => verifyRequest(request, full.secret));
    expect(payloads.map(({ type }) => type).sort()).toEqual([...types].sort());
    for (const payload of payloads) {
      expect(payload).toEqual(expected(payload.type));
    }
    const ids = received.map(({ headers }) => headers["webhook-id"]);
    const expectedIds = [...published.values()].map((event) => webhookId(full, event));
    expect(ids.sort()).toEqual(expectedIds.sort());
  });

  it("is delivered thin and signed with a private key", async () => {
    expect(thin).toMatchObject({ secret: expect.stringMatching(/^whpk_/), signature: "v1a" });
    const received = await waitForRequests(receiver, thin.url, types.length);
    for (const request of received) {
      const payload = verifyRequest(request, thin.secret);
      const { title: _, body: __, details: ___, ...data } = expected(payload.type).data;
      expect(payload).toEqual({ ...expected(payload.type), data });
    }
  });

  it("is delivered in the selected event types only", async () => {
    const received = await waitForRequests(receiver, selective.url, 1);
    expect(received.map((request) => verifyRequest(request, selective.secret).type)).toEqual([
      "record.set",
    ]);
    expect(await listDeliveries(athlete, selective)).toHaveLength(1);
  });

  it("has the id and the data of its row", async () => {
    const rows = await stack.query<{ notification_id: string; kind: string; data: string }>(
      "SELECT notification_id, kind, title, body, data FROM notifications WHERE athlete_id = ?",
      athlete.id,
    );
    for (const { body } of await waitForRequests(receiver, full.url, types.length)) {
      const { data } = JSON.parse(body.toString("utf8")) as Payload;
      const row = rows.find(({ notification_id }) => notification_id === data.notification_id);
      expect(row).toMatchObject({ kind: data.kind, title: data.title, body: data.body });
      expect(JSON.parse(row?.data ?? "")).toEqual(data.details);
    }
  });

  it("is delivered thin when it is too long", async () => {
    const envelope = exampleEvent("record.set", athlete);
    const { records } = envelope.data.data as { records: object[] };
    Object.assign(envelope.data, {
      data: { ...(envelope.data.data as object), records: Array(300).fill(records[0]) },
    });
    await publish(stack, envelope);
    const id = webhookId(full, envelope);
    const received = await eventually(
      "the long notification",
      () => receiver.requestsTo(full.url),
      (requests) => requests.some(({ headers }) => headers["webhook-id"] === id),
    );
    const request = received.find(({ headers }) => headers["webhook-id"] === id);
    const { data } = verifyRequest(request as (typeof received)[number], full.secret);
    expect(Object.keys(data).sort()).toEqual(["athlete_id", "kind", "notification_id", "resource"]);
  });

  /** Returns the expected full payload of a type. */
  function expected(type: string): Payload {
    const envelope = published.get(type) as Envelope;
    const { data } = example(type);
    const details = { ...(data.details as object) };
    if (type === "pattern.detected") {
      Object.assign(details, { pattern_id: envelope.data.pattern_id });
    }
    const ids = { athlete_id: athlete.id, notification_id: envelope.id };
    return { type, timestamp: envelope.time, data: { ...data, ...ids, details } };
  }
});

describe("a workout", () => {
  it("is delivered when it is completed, changed and deleted", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok", {
      event_types: ["workout.completed", "workout.updated", "workout.deleted"],
    });
    const workout = await athlete.post(aWorkout("Push"));
    const path = `/v1/workouts/${workout.id}`;
    const [completed] = await receivedPayloads(target, 1);
    expect(completed).toMatchObject({ type: "workout.completed", data: { revision: 1 } });
    expect(completed?.data.workout).toEqual(await athlete.get(path));
    await call(athlete, "PUT", path, aWorkout("Pull"));
    const [, updated] = await receivedPayloads(target, 2);
    expect(updated).toMatchObject({ type: "workout.updated", data: { revision: 2 } });
    expect(updated?.data.workout).toEqual(await athlete.get(path));
    await call(athlete, "DELETE", path);
    const [, , deleted] = await receivedPayloads(target, 3);
    expect(deleted).toMatchObject({
      type: "workout.deleted",
      data: { workout_id: workout.id, revision: 3 },
    });
  });

  it("is replayed to an endpoint that was made later", async () => {
    const athlete = await Athlete.create(stack);
    const input = aWorkout("Push");
    const workout = await athlete.post(input);
    await athlete.aggregatedWeek(input.started_at);
    const target = await endpoint(athlete, "ok", { event_types: ["workout.completed"] });
    const since = "2000-01-01T00:00:00Z";
    const replay = (dry_run: boolean) =>
      call(athlete, "POST", `/v1/webhooks/${target.id}/replay`, { since, dry_run });
    expect(await replay(true)).toEqual({ matched: 1, replayed: 0, next_cursor: null });
    expect(await replay(false)).toEqual({ matched: 1, replayed: 1, next_cursor: null });
    const [payload] = await receivedPayloads(target, 1);
    expect(payload?.data.workout).toEqual(await athlete.get(`/v1/workouts/${workout.id}`));
    const delivery = await waitForDelivery(athlete, target, "the replay", isDelivered);
    const [request] = receiver.requestsTo(target.url);
    expect(request?.headers["webhook-id"]).toBe(delivery.webhook_id);
    expect(await replay(false)).toEqual({ matched: 0, replayed: 0, next_cursor: null });
  });

  function aWorkout(title: string): WorkoutInput {
    const day = new Date().toISOString().slice(0, 10);
    return {
      title,
      started_at: `${day}T00:00:00Z`,
      ended_at: `${day}T00:00:01Z`,
      exercises: [{ exercise: "deadlift", sets: [{ kind: "working", weight_kg: 100, reps: 5 }] }],
    };
  }

  /** Waits for `count` requests, and returns their payloads in the order of their arrival. */
  async function receivedPayloads(target: CreatedEndpoint, count: number): Promise<Payload[]> {
    const requests = await waitForRequests(receiver, target.url, count);
    expect(requests).toHaveLength(count);
    return requests.map((request) => verifyRequest(request, target.secret));
  }
});

describe("a test event", () => {
  it("is delivered and logged for any selected types", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok", { event_types: ["record.set"] });
    const test = await call<{ delivery_id: string }>(
      athlete,
      "POST",
      `/v1/webhooks/${target.id}/test`,
    );
    const [request] = await waitForRequests(receiver, target.url, 1);
    const payload = verifyRequest(request as NonNullable<typeof request>, target.secret);
    expect(payload).toMatchObject({ type: "test", data: { endpoint_id: target.id } });
    const delivery = await waitForDelivery(athlete, target, "the test event", isDelivered);
    expect(delivery).toMatchObject({ id: test.delivery_id, event_type: "test" });
    expect(JSON.parse(delivery.body)).toEqual(payload);
  });
});

describe("a rotated secret", () => {
  it("signs together with the old secret", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok");
    const rotated = await call<{ secret: string; old_secret_expires_at: string }>(
      athlete,
      "POST",
      `/v1/webhooks/${target.id}/rotate-secret`,
    );
    secrets.push(rotated.secret);
    expect(rotated.secret).not.toBe(target.secret);
    expect(Date.parse(rotated.old_secret_expires_at)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    await publish(stack, exampleEvent("import.finished", athlete));
    const [request] = await waitForRequests(receiver, target.url, 1);
    verifyRequest(request as NonNullable<typeof request>, rotated.secret, target.secret);
  });
});

describe("another athlete", () => {
  it("cannot read or change endpoints and deliveries", async () => {
    const [owner, other] = await Promise.all([Athlete.create(stack), Athlete.create(stack)]);
    const target = await endpoint(owner, "ok");
    await publish(stack, exampleEvent("pattern.resolved", owner));
    const delivery = await waitForDelivery(owner, target, "a delivery", isDelivered);
    const before = await readEndpoint(owner, target);
    const path = `/v1/webhooks/${target.id}`;
    for (const [method, url, json] of [
      ["GET", path],
      ["PATCH", path, { enabled: false }],
      ["DELETE", path],
      ["POST", `${path}/rotate-secret`],
      ["POST", `${path}/test`],
      ["GET", `${path}/deliveries`],
      ["GET", `${path}/deliveries/${delivery.id}`],
      ["POST", `${path}/deliveries/${delivery.id}/retry`],
      ["POST", `${path}/deliveries/retry`, { since: "2026-01-01T00:00:00Z" }],
      ["POST", `${path}/replay`, { since: "2026-01-01T00:00:00Z" }],
    ] as [string, string, object?][]) {
      const response = await other.request(method, url, json ? { json } : {});
      expect(response.status, `${method} ${url}`).toBe(404);
    }
    expect(await other.get("/v1/webhooks")).toMatchObject({ items: [] });
    expect(await readEndpoint(owner, target)).toEqual(before);
    expect(receiver.requestsTo(target.url)).toHaveLength(1);
  });
});

testSecrecy();
