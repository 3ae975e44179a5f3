import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { expectAcked } from "./support/decisions";
import { event, message } from "./support/events";
import { eventually } from "./support/eventually";
import {
  endpoint,
  isDelivered,
  receiver,
  stack,
  testSecrecy,
  useWebhookFixture,
} from "./support/webhook-fixture";
import {
  type CreatedEndpoint,
  call,
  DELIVERY_TIMEOUT_MS,
  type DeliveryWithLog,
  exampleEvent,
  listDeliveries,
  publish,
  readEndpoint,
  verifyRequest,
  waitForDelivery,
  waitForRequests,
  webhookId,
} from "./support/webhooks";

const FIVE_DAYS_MS = 5 * 86_400_000;

useWebhookFixture();

describe("an endpoint", () => {
  it("is disabled by a 410, and its athlete is notified", async () => {
    const athlete = await Athlete.create(stack);
    const disabled = await endpoint(athlete, "410", { event_types: ["pattern.resolved"] });
    const other = await endpoint(athlete, "ok", { event_types: ["endpoint.disabled"] });
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    const [request] = await waitForRequests(receiver, other.url, 1);
    const payload = verifyRequest(request as NonNullable<typeof request>, other.secret);
    expect(payload).toMatchObject({
      type: "endpoint.disabled",
      data: {
        details: { endpoint_id: disabled.id, reason: "gone" },
        resource: `/v1/webhooks/${disabled.id}`,
      },
    });
    const { items } = await athlete.notifications();
    const notifications = items.filter(({ kind }) => kind === "webhook_disabled");
    expect(notifications).toMatchObject([{ id: payload.data.notification_id }]);
    expect(await readEndpoint(athlete, disabled)).toMatchObject({
      status: "disabled",
      disabled_reason: expect.stringMatching(/./),
      counts: { waiting: 0, delivered: 0, failed: 1 },
    });
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    await eventually(
      "the next notification is stored",
      () =>
        stack.query(
          "SELECT 1 FROM notifications WHERE athlete_id = ? AND kind = 'pattern_ended'",
          athlete.id,
        ),
      (rows) => rows.length === 2,
    );
    expect(await listDeliveries(athlete, disabled)).toHaveLength(1);
  });

  it("is disabled after five days of failures", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "500");
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    await waitForDelivery(athlete, target, "a failure", ({ attempts }) => attempts.length > 0);
    expect((await readEndpoint(athlete, target)).failing_since).not.toBeNull();
    await stack.query(
      "UPDATE webhook_endpoints SET failing_since_ms = ? WHERE endpoint_id = ?",
      Date.now() - FIVE_DAYS_MS,
      target.id,
    );
    await eventually(
      "the endpoint is disabled",
      () => readEndpoint(athlete, target),
      ({ status }) => status === "disabled",
      DELIVERY_TIMEOUT_MS,
    );
    const inbox = await eventually(
      "the athlete is notified",
      () => athlete.notifications(),
      ({ items }) => items.some(({ kind }) => kind === "webhook_disabled"),
    );
    const notifications = inbox.items.filter(({ kind }) => kind === "webhook_disabled");
    expect(notifications).toMatchObject([{ data: { endpoint_id: target.id, reason: "failing" } }]);
  });
});

describe("a delivery", () => {
  it("is retried after a failure with a new timestamp", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok-after-one-500");
    const envelope = exampleEvent("pattern.resolved", athlete);
    await publish(stack, envelope);
    const requests = await waitForRequests(receiver, target.url, 2);
    const ids = requests.map(({ headers }) => headers["webhook-id"]);
    const id = webhookId(target, envelope);
    expect(ids).toEqual([id, id]);
    const [first, second] = requests.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(second).toBeGreaterThan(first ?? Infinity);
    const [before, after] = requests.map((request) => verifyRequest(request, target.secret));
    expect(after).toEqual(before);
    const delivery = await waitForDelivery(athlete, target, "the second attempt", isDelivered);
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

  it("is created once for duplicate events", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok");
    const envelope = exampleEvent("pattern.detected", athlete);
    for (const batch of [[message(envelope), message(envelope)], [message(envelope, 2)]]) {
      expectAcked(await stack.deliver("webhook", "webhook-notification", batch), batch);
    }
    await waitForDelivery(athlete, target, "the first delivery", isDelivered);
    const batch = [message(envelope, 3)];
    expectAcked(await stack.deliver("webhook", "webhook-notification", batch), batch);
    // A later event is delivered, so the duplicates are processed too.
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    await waitForRequests(receiver, target.url, 2);
    expect(await listDeliveries(athlete, target)).toHaveLength(2);
    expect(receiver.requestsTo(target.url)).toHaveLength(2);
  });

  it("is made by the sweep when its event was lost", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "ok");
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    await waitForDelivery(athlete, target, "the first delivery", isDelivered);
    await stack.query(
      "UPDATE webhook_deliveries SET status = 'waiting', due_at_ms = 0 WHERE endpoint_id = ?",
      target.id,
    );
    await stack.runCron();
    await waitForRequests(receiver, target.url, 2);
    await waitForDelivery(athlete, target, "the second delivery", isDelivered);
  });

  it("has failed after ten attempts; its endpoint stays enabled", async () => {
    const athlete = await Athlete.create(stack);
    const target = await endpoint(athlete, "500");
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    await waitForDelivery(athlete, target, "a failure", ({ attempts }) => attempts.length === 1);
    await stack.query("UPDATE webhook_deliveries SET attempt = 9 WHERE endpoint_id = ?", target.id);
    const isFailed = ({ status }: DeliveryWithLog) => status === "failed";
    const delivery = await waitForDelivery(athlete, target, "the last attempt", isFailed);
    expect(delivery).toMatchObject({ attempt: 10, next_attempt_at: null });
    expect(await readEndpoint(athlete, target)).toMatchObject({
      status: "enabled",
      counts: { waiting: 0, delivered: 0, failed: 1 },
    });
  });

  it("is not made to a deleted endpoint", async () => {
    const athlete = await Athlete.create(stack);
    const deleted = await endpoint(athlete, "500");
    // Its second attempt is due later than that of the deleted endpoint.
    const marker = await endpoint(athlete, "429");
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    await waitForDelivery(athlete, deleted, "a failure", ({ attempts }) => attempts.length === 1);
    await call(athlete, "DELETE", `/v1/webhooks/${deleted.id}`);
    const batch = [
      message(event("WebhookDeliveryRequested", athlete.id, { endpoint_id: deleted.id })),
    ];
    expectAcked(await stack.deliver("webhook", "webhook-notification", batch), batch);
    await stack.runCron();
    await waitForRequests(receiver, marker.url, 2);
    expect(receiver.requestsTo(deleted.url)).toHaveLength(1);
    expect((await athlete.request("GET", `/v1/webhooks/${deleted.id}`)).status).toBe(404);
  });
});

describe("an endpoint disabled by its owner", () => {
  let athlete: Athlete;
  let target: CreatedEndpoint;
  let path: string;
  let delivery: DeliveryWithLog;

  beforeAll(async () => {
    athlete = await Athlete.create(stack);
    target = await endpoint(athlete, "500");
    path = `/v1/webhooks/${target.id}`;
    await publish(stack, exampleEvent("pattern.resolved", athlete));
    await waitForDelivery(athlete, target, "a failure", ({ attempts }) => attempts.length === 1);
    await call(athlete, "PATCH", path, { enabled: false });
    [delivery] = (await listDeliveries(athlete, target)) as [DeliveryWithLog];
  });

  it("has no waiting delivery", () => {
    expect(delivery).toMatchObject({
      status: "failed",
      next_attempt_at: null,
      attempts: [{ outcome: "failed", status: 500 }, { outcome: "disabled" }],
    });
  });

  it("rejects tests and retries", async () => {
    for (const rejected of [`${path}/test`, `${path}/deliveries/${delivery.id}/retry`]) {
      expect((await athlete.request("POST", rejected)).status, rejected).toBe(409);
    }
  });

  it("gets all failed deliveries after enabling and a retry", async () => {
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
    expect((await listDeliveries(athlete, target))[0]?.status).toBe("failed");
    expect(await retry({ since })).toEqual({ matched: 1, retried: 1 });
    await waitForRequests(receiver, ok, 1);
    const retried = await waitForDelivery(athlete, target, "the retry", isDelivered);
    expect(retried.attempts).toHaveLength(3);
  });

  it("gets a retried delivery with the same id", async () => {
    const { url } = await readEndpoint(athlete, target);
    await call(athlete, "POST", `${path}/deliveries/${delivery.id}/retry`);
    const requests = await waitForRequests(receiver, url, 2);
    for (const request of requests) {
      verifyRequest(request, target.secret);
    }
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });
});

testSecrecy();
