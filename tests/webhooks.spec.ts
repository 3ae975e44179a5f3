import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Athlete } from "./support/athlete";
import { type Envelope, event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { example, type Payload, PAYLOAD_TYPES } from "./support/payloads";
import { type Behaviour, Receiver, RETRY_AFTER_S } from "./support/receiver";
import { expectAcked } from "./support/settled";
import { Stack } from "./support/stack";
import {
  arrivals,
  call,
  type CreatedEndpoint,
  createEndpoint,
  deliveriesOf,
  DELIVERED_WITHIN_MS,
  type DeliveryWithLog,
  type EndpointInput,
  messageId,
  newsLike,
  readEndpoint,
  tell,
  theDelivery,
  verified,
} from "./support/webhooks";

// Longer than the longest waits of a test.
vi.setConfig({ testTimeout: 2 * DELIVERED_WITHIN_MS, hookTimeout: 2 * DELIVERED_WITHIN_MS });

/** What the network may still take after the sender has gone: the buffers of both sides. */
const TAKEN_BYTES_MAX = 64_000_000;
const ANSWER_BYTES_MAX = 2_048;
const FIVE_DAYS_MS = 5 * 86_400_000;

let stack: Stack;
let receiver: Receiver;
/** Every secret that was shown, and every path: none may be told by a log. */
const secrets: string[] = [];
const names: string[] = [];

beforeAll(async () => {
  [stack, receiver] = await Promise.all([Stack.start(), Receiver.start()]);
});

afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
});

/** An endpoint of an athlete that behaves so, at a URL of its own. */
async function endpoint(
  athlete: Athlete,
  behaviour: Behaviour,
  input: Omit<EndpointInput, "url"> = {},
): Promise<CreatedEndpoint> {
  const name = randomUUID();
  const created = await createEndpoint(athlete, { url: receiver.url(behaviour, name), ...input });
  secrets.push(created.secret);
  names.push(name);
  return created;
}

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

/** What must come of a delivery to a receiver that behaves so. */
interface Verdict {
  behaviour: Behaviour;
  outcome: "delivered" | "failed" | "throttled" | "gone";
  /** That it answered; null when it did not. */
  status: number | null;
  /** What of the answer is kept. */
  answer?: RegExp;
  /** The least seconds that the second attempt waits; the least and the most of the third. */
  waitsS?: [second: number, third: [number, number]];
}

const DELIVERED = { outcome: "delivered" } as const;
const FAILED = { outcome: "failed", waitsS: [4, [240, 360]] } satisfies Partial<Verdict>;
const THROTTLED = { outcome: "throttled", waitsS: [5, [300, 360]] } satisfies Partial<Verdict>;
/** Times are written down in whole milliseconds, and looked up a little after they are counted from. */
const ROUNDED_S = 0.5;

const VERDICTS: Verdict[] = [
  { behaviour: "ok", ...DELIVERED, status: 204 },
  { behaviour: "ok-with-text", ...DELIVERED, status: 200, answer: /^thank you$/ },
  { behaviour: "ok-binary", ...DELIVERED, status: 200 },
  { behaviour: "ok-headers-of-100-kb", ...DELIVERED, status: 200, answer: /^thank you$/ },
  { behaviour: "ok-gigabyte", ...DELIVERED, status: 200, answer: /^x{2000,2048}$/ },
  { behaviour: "ok-endless-drip", ...DELIVERED, status: 200 },
  { behaviour: "ok-closed-in-the-middle", ...DELIVERED, status: 200 },
  { behaviour: "400", ...FAILED, status: 400, answer: /^no$/ },
  { behaviour: "410", outcome: "gone", status: 410, answer: /^no more$/ },
  { behaviour: "429", ...THROTTLED, status: 429, waitsS: [RETRY_AFTER_S, [300, 360]] },
  { behaviour: "429-for-an-hour", ...THROTTLED, status: 429, waitsS: [10, [600, 600]] },
  { behaviour: "500", ...FAILED, status: 500, answer: /^x{2000,2048}$/ },
  { behaviour: "502", ...THROTTLED, status: 502 },
  // The date of the header has no parts of a second.
  { behaviour: "503-until", ...FAILED, status: 503, waitsS: [RETRY_AFTER_S - 1, [300, 360]] },
  { behaviour: "redirect-to-itself", ...FAILED, status: 302 },
  { behaviour: "redirect-to-metadata", ...FAILED, status: 302 },
  { behaviour: "garbage", ...FAILED, status: null },
  { behaviour: "closed-without-an-answer", ...FAILED, status: null },
  { behaviour: "200-too-late", ...FAILED, status: null },
  { behaviour: "hangs", ...FAILED, status: null },
];

describe("a delivery to a receiver", () => {
  const seen = new Map<Behaviour, Promise<{ delivery: DeliveryWithLog; target: CreatedEndpoint }>>();

  // All at once: some take 20 s for each attempt.
  beforeAll(async () => {
    for (const verdict of VERDICTS) {
      const athlete = await Athlete.create(stack);
      const target = await endpoint(athlete, verdict.behaviour);
      await tell(stack, newsLike("record.broken", athlete));
      const isOver = (delivery: DeliveryWithLog) =>
        verdict.waitsS ? delivery.attempts.length === 2 : delivery.status !== "waiting";
      const delivery = theDelivery(athlete, target, verdict.behaviour, isOver);
      const both = delivery.then((delivery) => ({ delivery, target }));
      // Whoever awaits it hears of it; until then it is nobody's.
      both.catch(() => {});
      seen.set(verdict.behaviour, both);
    }
  });

  it.each(VERDICTS)(
    "that does $behaviour is written down as $outcome, status $status",
    async (verdict) => {
      const { delivery, target } = await seenOf(verdict.behaviour);
      for (const attempt of delivery.attempts) {
        expect(attempt).toMatchObject({ outcome: verdict.outcome, status: verdict.status });
        expect(attempt.answer ?? "").toMatch(verdict.answer ?? /^/);
        expect(Buffer.byteLength(attempt.answer ?? "")).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
        if (verdict.status === null) {
          expect(attempt.error).toMatch(/./);
        }
      }
      expect(delivery.attempt).toBe(delivery.attempts.length);
      const requests = receiver.at(target.url);
      expect(requests).toHaveLength(delivery.attempts.length);
      expect(new Set(requests.map((request) => request.body.toString("utf8"))).size).toBe(1);
      requests.forEach((request) => verified(request, target.secret));
      if (verdict.waitsS) {
        expect(delivery.status).toBe("waiting");
        const [second, third] = verdict.waitsS;
        // An attempt may be late, by the load of the machine, and never early; when the next is due
        // is written down exactly.
        expect(secondsBeforeSecond(delivery)).toBeGreaterThanOrEqual(second - ROUNDED_S);
        expect(secondsBeforeThird(delivery)).toBeGreaterThanOrEqual(third[0] - ROUNDED_S);
        expect(secondsBeforeThird(delivery)).toBeLessThanOrEqual(third[1] + ROUNDED_S);
      } else {
        expect(delivery.next_attempt_at).toBeNull();
        expect(delivery.status).toBe(verdict.outcome === "delivered" ? "delivered" : "failed");
      }
    },
  );

  it("that redirects is not followed", async () => {
    const { target } = await seenOf("redirect-to-itself");
    expect(receiver.at(target.url)).toHaveLength(2);
    expect(receiver.at(receiver.url("ok", "redirected"))).toEqual([]);
  });

  it.each<Behaviour>(["ok-gigabyte", "ok-endless-drip"])(
    "that never ends, as %s, is cut off",
    async (behaviour) => {
      const { target } = await seenOf(behaviour);
      const [request] = await eventually(
        "the connection is closed",
        () => receiver.at(target.url),
        (requests) => requests.every(({ isOpen }) => !isOpen),
        DELIVERED_WITHIN_MS,
      );
      expect(request?.answeredBytes).toBeGreaterThan(0);
      expect(request?.answeredBytes).toBeLessThan(TAKEN_BYTES_MAX);
    },
  );

  async function seenOf(behaviour: Behaviour) {
    const found = await seen.get(behaviour);
    if (!found) {
      throw new Error(`nothing was sent to ${behaviour}`);
    }
    return found;
  }
});

describe("an endpoint", () => {
  it("whose receiver is gone is disabled, and its athlete told: in the inbox, and by the other endpoints", async () => {
    const athlete = await Athlete.create(stack);
    const gone = await endpoint(athlete, "410", { event_types: ["pattern.ended"] });
    const other = await endpoint(athlete, "ok", { event_types: ["webhook.disabled"] });
    await tell(stack, newsLike("pattern.ended", athlete));
    const [request] = await arrivals(receiver, other.url, 1);
    const payload = verified(request as NonNullable<typeof request>, other.secret);
    expect(payload).toMatchObject({
      type: "webhook.disabled",
      data: {
        details: { endpoint_id: gone.id, reason: "gone" },
        resource: `/v1/webhooks/${gone.id}`,
      },
    });
    const { items } = await athlete.notifications();
    const told = items.filter(({ kind }) => kind === "webhook_disabled");
    expect(told).toMatchObject([{ id: payload.data.notification_id }]);
    expect(await readEndpoint(athlete, gone)).toMatchObject({
      status: "disabled",
      disabled_reason: expect.stringMatching(/./),
      counts: { waiting: 0, delivered: 0, failed: 1 },
    });
    await tell(stack, newsLike("pattern.ended", athlete));
    await eventually(
      "the next news is in the inbox",
      async () => (await athlete.notifications()).items,
      (seen) => seen.filter(({ kind }) => kind === "pattern_ended").length === 2,
    );
    expect(await deliveriesOf(athlete, gone)).toHaveLength(1);
  });

  it("that failed for five days is disabled too", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "500");
    await tell(stack, newsLike("pattern.ended", athlete));
    await theDelivery(athlete, target, "a failure", ({ attempts }) => attempts.length > 0);
    expect((await readEndpoint(athlete, target)).failing_since).not.toBeNull();
    await stack.database
      .prepare("UPDATE webhook_endpoints SET failing_since_ms = ? WHERE endpoint_id = ?")
      .bind(Date.now() - FIVE_DAYS_MS, target.id)
      .run();
    await eventually(
      "the endpoint is disabled",
      () => readEndpoint(athlete, target),
      ({ status }) => status === "disabled",
      DELIVERED_WITHIN_MS,
    );
    const inbox = await eventually(
      "the athlete is told",
      () => athlete.notifications(),
      ({ items }) => items.some(({ kind }) => kind === "webhook_disabled"),
    );
    const told = inbox.items.filter(({ kind }) => kind === "webhook_disabled");
    expect(told).toMatchObject([{ data: { endpoint_id: target.id, reason: "failing" } }]);
  });
});

describe("a delivery", () => {
  it("comes again after a failure, as the same message made at another time", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok-after-one-500");
    const news = newsLike("pattern.ended", athlete);
    await tell(stack, news);
    const requests = await arrivals(receiver, target.url, 2);
    const ids = requests.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toEqual([messageId(news), messageId(news)]);
    const [first, second] = requests.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(second).toBeGreaterThan(first ?? Infinity);
    const [before, after] = requests.map((request) => verified(request, target.secret));
    expect(after).toEqual(before);
    const delivery = await theDelivery(athlete, target, "the second attempt", isDelivered);
    expect(delivery.attempts).toMatchObject([
      { outcome: "failed", status: 500 },
      { outcome: "delivered", status: 204 },
    ]);
    expect(await readEndpoint(athlete, target)).toMatchObject({
      status: "enabled",
      failing_since: null,
      counts: { waiting: 0, delivered: 1, failed: 0 },
    });
  });

  it("is one, however often its event comes", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok");
    const news = newsLike("pattern.detected", athlete);
    for (const batch of [[message(news), message(news)], [message(news, 2)]]) {
      expectAcked(await stack.deliver("webhook", "webhook-notification", batch), batch);
    }
    await theDelivery(athlete, target, "the only one", isDelivered);
    const batch = [message(news, 3)];
    expectAcked(await stack.deliver("webhook", "webhook-notification", batch), batch);
    // What comes later is through, so whatever the repeats woke is too.
    await tell(stack, newsLike("pattern.ended", athlete));
    await arrivals(receiver, target.url, 2);
    expect(await deliveriesOf(athlete, target)).toHaveLength(2);
    expect(receiver.at(target.url)).toHaveLength(2);
  });

  it("whose wake-up was lost is made by the sweep", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok");
    await tell(stack, newsLike("pattern.ended", athlete));
    await theDelivery(athlete, target, "the first time", isDelivered);
    await stack.database
      .prepare("UPDATE webhook_deliveries SET status = 'waiting', due_at_ms = 0 WHERE endpoint_id = ?")
      .bind(target.id)
      .run();
    await stack.strikeCron();
    await arrivals(receiver, target.url, 2);
    await theDelivery(athlete, target, "the second time", isDelivered);
  });

  it("has failed after ten attempts, and its endpoint goes on", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "500");
    await tell(stack, newsLike("pattern.ended", athlete));
    await theDelivery(athlete, target, "a failure", ({ attempts }) => attempts.length === 1);
    await stack.database
      .prepare("UPDATE webhook_deliveries SET attempt = 9 WHERE endpoint_id = ?")
      .bind(target.id)
      .run();
    const isFailed = ({ status }: DeliveryWithLog) => status === "failed";
    const delivery = await theDelivery(athlete, target, "the last attempt", isFailed);
    expect(delivery).toMatchObject({ attempt: 10, next_attempt_at: null });
    expect(await readEndpoint(athlete, target)).toMatchObject({
      status: "enabled",
      counts: { waiting: 0, delivered: 0, failed: 1 },
    });
  });

  it("to an endpoint that is deleted never comes", async () => {
    const athlete = await Athlete.create(stack);
    const deleted = await endpoint(athlete, "500");
    // Its second attempt is due after that of the deleted one would have been.
    const witness = await endpoint(athlete, "429");
    await tell(stack, newsLike("pattern.ended", athlete));
    await theDelivery(athlete, deleted, "a failure", ({ attempts }) => attempts.length === 1);
    await call(athlete, "DELETE", `/v1/webhooks/${deleted.id}`);
    const wake = [
      message(event("WebhookDeliveryRequested", athlete.id, { endpoint_id: deleted.id })),
    ];
    expectAcked(await stack.deliver("webhook", "webhook-notification", wake), wake);
    await stack.strikeCron();
    await arrivals(receiver, witness.url, 2);
    expect(receiver.at(deleted.url)).toHaveLength(1);
    expect((await athlete.request("GET", `/v1/webhooks/${deleted.id}`)).status).toBe(404);
  });
});

describe("an endpoint that its owner disabled", () => {
  let athlete: Athlete;
  let target: CreatedEndpoint;
  let path: string;
  let delivery: DeliveryWithLog;

  beforeAll(async () => {
    athlete = await Athlete.create(stack);
    target = await endpoint(athlete, "500");
    path = `/v1/webhooks/${target.id}`;
    await tell(stack, newsLike("pattern.ended", athlete));
    await theDelivery(athlete, target, "a failure", ({ attempts }) => attempts.length === 1);
    await call(athlete, "PATCH", path, { enabled: false });
    [delivery] = (await deliveriesOf(athlete, target)) as [DeliveryWithLog];
  });

  it("has no delivery that waits, and says why", () => {
    expect(delivery).toMatchObject({
      status: "failed",
      next_attempt_at: null,
      attempts: [{ outcome: "failed", status: 500 }, { outcome: "disabled" }],
    });
  });

  it("takes no test and no retry", async () => {
    for (const refused of [`${path}/test`, `${path}/deliveries/${delivery.id}/retry`]) {
      expect((await athlete.request("POST", refused)).status, refused).toBe(409);
    }
  });

  it("gets all that failed when it is enabled again and asks for it, after a look", async () => {
    const ok = receiver.url("ok", randomUUID());
    const enabled = await call(athlete, "PATCH", path, { url: ok, enabled: true });
    expect(enabled).toMatchObject({ status: "enabled", disabled_reason: null, failing_since: null });
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const retry = (json: object) => call(athlete, "POST", `${path}/deliveries/retry`, json);
    const now = new Date().toISOString();
    expect(await retry({ since: now })).toEqual({ matched: 0, retried: 0 });
    expect(await retry({ since, dry_run: true })).toEqual({ matched: 1, retried: 0 });
    expect((await deliveriesOf(athlete, target))[0]?.status).toBe("failed");
    expect(await retry({ since })).toEqual({ matched: 1, retried: 1 });
    await arrivals(receiver, ok, 1);
    const done = await theDelivery(athlete, target, "the retry", isDelivered);
    expect(done.attempts).toHaveLength(3);
  });

  it("gets one delivery again, delivered or not, under the same id", async () => {
    const { url } = await readEndpoint(athlete, target);
    await call(athlete, "POST", `${path}/deliveries/${delivery.id}/retry`);
    const requests = await arrivals(receiver, url, 2);
    requests.forEach((request) => verified(request, target.secret));
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
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

// The last: it looks at all that the others left.
describe("what is secret", () => {
  it("is in no log", () => {
    const log = stack.log.texts.join("\n");
    expect(secrets.length).toBeGreaterThan(VERDICTS.length);
    for (const secret of [...secrets.map(bare), ...names, "whsk_"]) {
      expect(log).not.toContain(secret);
    }
  });

  it("is not in the database as it is", async () => {
    const keys = "SELECT group_concat(signing_keys) AS text FROM webhook_endpoints";
    const sent = "SELECT group_concat(body || attempts) AS text FROM webhook_deliveries";
    for (const sql of [keys, sent]) {
      const text = await stack.database.prepare(sql).first<string>("text");
      expect(text).toMatch(/./);
      for (const secret of [...secrets.map(bare), "whsec_", "whsk_"]) {
        expect(text).not.toContain(secret);
      }
    }
  });

  /** A key without its prefix. */
  function bare(secret: string): string {
    return secret.slice(secret.indexOf("_") + 1);
  }
});

function isDelivered({ status }: DeliveryWithLog): boolean {
  return status === "delivered";
}

/** From the end of the first attempt to the second. */
function secondsBeforeSecond({ attempts }: DeliveryWithLog): number {
  const [first, second] = attempts;
  return (Date.parse(second?.at ?? "") - endedAtMs(first)) / 1_000;
}

/** From the end of the second attempt to when the third is due. */
function secondsBeforeThird({ attempts, next_attempt_at }: DeliveryWithLog): number {
  return (Date.parse(next_attempt_at ?? "") - endedAtMs(attempts[1])) / 1_000;
}

function endedAtMs(attempt: DeliveryWithLog["attempts"][number] | undefined): number {
  return Date.parse(attempt?.at ?? "") + (attempt?.duration_ms ?? 0);
}
