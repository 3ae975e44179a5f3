import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { expectAcked } from "./support/settled";
import {
  endpoint,
  isDelivered,
  receiver,
  stack,
  useHouse,
  whatIsSecretStaysSo,
} from "./support/webhook-house";
import {
  arrivals,
  type CreatedEndpoint,
  call,
  DELIVERED_WITHIN_MS,
  type DeliveryWithLog,
  deliveriesOf,
  messageId,
  newsLike,
  readEndpoint,
  tell,
  theDelivery,
  verified,
} from "./support/webhooks";

const FIVE_DAYS_MS = 5 * 86_400_000;

useHouse();

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
      .prepare(
        "UPDATE webhook_deliveries SET status = 'waiting', due_at_ms = 0 WHERE endpoint_id = ?",
      )
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
    expect(enabled).toMatchObject({
      status: "enabled",
      disabled_reason: null,
      failing_since: null,
    });
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
    for (const request of requests) {
      verified(request, target.secret);
    }
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });
});

whatIsSecretStaysSo();
