import { beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import type { Envelope } from "./support/events";
import { eventually } from "./support/eventually";
import { example, PAYLOAD_TYPES, type Payload } from "./support/payloads";
import {
  endpoint,
  isDelivered,
  receiver,
  secrets,
  stack,
  useHouse,
  whatIsSecretStaysSo,
} from "./support/webhook-house";
import {
  arrivals,
  type CreatedEndpoint,
  call,
  deliveriesOf,
  messageId,
  newsLike,
  readEndpoint,
  tell,
  theDelivery,
  verified,
} from "./support/webhooks";

useHouse();

describe("news", () => {
  const types = PAYLOAD_TYPES.filter((type) => type !== "endpoint.test");
  const told = new Map<string, Envelope>();
  let athlete: Athlete;
  let full: CreatedEndpoint;
  let thin: CreatedEndpoint;
  let picky: CreatedEndpoint;

  beforeAll(async () => {
    athlete = await Athlete.create(stack);
    full = await endpoint(athlete, "ok");
    thin = await endpoint(athlete, "ok", { payload: "thin", signature: "v1a" });
    picky = await endpoint(athlete, "ok", { event_types: ["record.broken"] });
    for (const type of types) {
      const news = newsLike(type, athlete);
      told.set(type, news);
      await tell(stack, news);
    }
  });

  it("comes full, signed with the secret, as the documentation's examples say", async () => {
    const received = await arrivals(receiver, full.url, types.length);
    expect(received).toHaveLength(types.length);
    const payloads = received.map((request) => verified(request, full.secret));
    expect(payloads.map(({ type }) => type).sort()).toEqual([...types].sort());
    for (const payload of payloads) {
      expect(payload).toEqual(expected(payload.type));
    }
    const ids = received.map(({ headers }) => headers["webhook-id"]);
    expect(ids.sort()).toEqual([...told.values()].map(messageId).sort());
  });

  it("comes thin, signed with the private key, to who chose so", async () => {
    expect(thin).toMatchObject({ secret: expect.stringMatching(/^whpk_/), signature: "v1a" });
    const received = await arrivals(receiver, thin.url, types.length);
    for (const request of received) {
      const payload = verified(request, thin.secret);
      const { title: _, body: __, details: ___, ...data } = expected(payload.type).data;
      expect(payload).toEqual({ ...expected(payload.type), data });
    }
  });

  it("comes only in the types that were chosen", async () => {
    const received = await arrivals(receiver, picky.url, 1);
    expect(received.map((request) => verified(request, picky.secret).type)).toEqual([
      "record.broken",
    ]);
    expect(await deliveriesOf(athlete, picky)).toHaveLength(1);
  });

  it("has the id of its row in the inbox, and its data", async () => {
    const { items } = await athlete.notifications();
    for (const { body } of await arrivals(receiver, full.url, types.length)) {
      const { data } = JSON.parse(body.toString("utf8")) as Payload;
      const row = items.find(({ id }) => id === data.notification_id);
      expect(row).toMatchObject({ kind: data.kind, title: data.title, body: data.body });
      expect(row?.data).toEqual(data.details);
    }
  });

  it("comes thin when it is too long, and is told in full by the inbox", async () => {
    const news = newsLike("record.broken", athlete);
    const { records } = news.data.data as { records: object[] };
    Object.assign(news.data, {
      data: { ...(news.data.data as object), records: Array(300).fill(records[0]) },
    });
    await tell(stack, news);
    const received = await eventually(
      "the long news",
      () => receiver.at(full.url),
      (seen) => seen.some(({ headers }) => headers["webhook-id"] === messageId(news)),
    );
    const request = received.find(({ headers }) => headers["webhook-id"] === messageId(news));
    const { data } = verified(request as (typeof received)[number], full.secret);
    expect(Object.keys(data).sort()).toEqual(["athlete_id", "kind", "notification_id", "resource"]);
  });

  /** The full payload of what was told of a type. */
  function expected(type: string): Payload {
    const news = told.get(type) as Envelope;
    const { data } = example(type);
    const details = { ...(data.details as object) };
    if (type === "pattern.detected") {
      Object.assign(details, { pattern_id: news.data.pattern_id });
    }
    const ids = { athlete_id: athlete.id, notification_id: news.id };
    return { type, timestamp: news.time, data: { ...data, ...ids, details } };
  }
});

describe("a test", () => {
  it("comes to an endpoint whatever it chose, and is in its log", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok", { event_types: ["record.broken"] });
    const test = await call<{ delivery_id: string }>(
      athlete,
      "POST",
      `/v1/webhooks/${target.id}/test`,
    );
    const [request] = await arrivals(receiver, target.url, 1);
    const payload = verified(request as NonNullable<typeof request>, target.secret);
    expect(payload).toMatchObject({ type: "endpoint.test", data: { endpoint_id: target.id } });
    const delivery = await theDelivery(athlete, target, "a test", isDelivered);
    expect(delivery).toMatchObject({ id: test.delivery_id, event_type: "endpoint.test" });
    expect(JSON.parse(delivery.body)).toEqual(payload);
  });
});

describe("a rotated secret", () => {
  it("signs beside the old one", async () => {
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
    await tell(stack, newsLike("import.finished", athlete));
    const [request] = await arrivals(receiver, target.url, 1);
    verified(request as NonNullable<typeof request>, rotated.secret, target.secret);
  });
});

describe("another athlete", () => {
  it("finds no endpoint and no delivery, and changes none", async () => {
    const [owner, other] = await Promise.all([Athlete.create(stack), Athlete.create(stack)]);
    const target = await endpoint(owner, "ok");
    await tell(stack, newsLike("pattern.ended", owner));
    const delivery = await theDelivery(owner, target, "a delivery", isDelivered);
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
    ] as [string, string, object?][]) {
      const response = await other.request(method, url, json ? { json } : {});
      expect(response.status, `${method} ${url}`).toBe(404);
    }
    expect(await other.get("/v1/webhooks")).toMatchObject({ items: [] });
    expect(await readEndpoint(owner, target)).toEqual(before);
    expect(receiver.at(target.url)).toHaveLength(1);
  });
});

whatIsSecretStaysSo();
