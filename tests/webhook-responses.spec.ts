import { beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { eventually } from "./support/eventually";
import { type Behaviour, RETRY_AFTER_S } from "./support/receiver";
import {
  endpoint,
  receiver,
  stack,
  testSecrecy,
  useWebhookFixture,
} from "./support/webhook-fixture";
import {
  type CreatedEndpoint,
  DELIVERY_TIMEOUT_MS,
  type DeliveryWithLog,
  exampleEvent,
  publish,
  verifyRequest,
  waitForDelivery,
} from "./support/webhooks";

/** The socket buffers of both sides, which a sender fills after it stopped reading. */
const BUFFERED_BYTES_MAX = 64_000_000;
const RESPONSE_BYTES_MAX = 2_048;

/** The expected attempts at a receiver with this behaviour. */
interface Case {
  behaviour: Behaviour;
  outcome: "delivered" | "failed" | "throttled" | "gone";
  /** Null without a response. */
  status: number | null;
  /** Matches the stored part of the response. */
  storedBody?: RegExp;
  /** The minimum delay in seconds of the second attempt; the minimum and maximum of the third. */
  waitsS?: [second: number, third: [number, number]];
}

const DELIVERED = { outcome: "delivered" } as const;
const FAILED = { outcome: "failed", waitsS: [4, [240, 360]] } satisfies Partial<Case>;
const THROTTLED = { outcome: "throttled", waitsS: [5, [300, 360]] } satisfies Partial<Case>;
/** Tolerance: stored times are in whole milliseconds, and a little later than the start of a delay. */
const ROUNDED_S = 0.5;

const CASES: Case[] = [
  { behaviour: "ok", ...DELIVERED, status: 204 },
  { behaviour: "ok-with-text", ...DELIVERED, status: 200, storedBody: /^thank you$/ },
  { behaviour: "ok-binary", ...DELIVERED, status: 200 },
  { behaviour: "ok-headers-of-100-kb", ...DELIVERED, status: 200, storedBody: /^thank you$/ },
  { behaviour: "ok-gigabyte", ...DELIVERED, status: 200, storedBody: /^x{2000,2048}$/ },
  { behaviour: "ok-endless-drip", ...DELIVERED, status: 200 },
  { behaviour: "ok-closed-in-the-middle", ...DELIVERED, status: 200 },
  { behaviour: "400", ...FAILED, status: 400, storedBody: /^no$/ },
  { behaviour: "410", outcome: "gone", status: 410, storedBody: /^no more$/ },
  { behaviour: "429", ...THROTTLED, status: 429, waitsS: [RETRY_AFTER_S, [300, 360]] },
  { behaviour: "429-for-an-hour", ...THROTTLED, status: 429, waitsS: [10, [600, 600]] },
  { behaviour: "500", ...FAILED, status: 500, storedBody: /^x{2000,2048}$/ },
  { behaviour: "502", ...THROTTLED, status: 502 },
  // The date of the header is in whole seconds.
  { behaviour: "503-until", ...FAILED, status: 503, waitsS: [RETRY_AFTER_S - 1, [300, 360]] },
  { behaviour: "redirect-to-itself", ...FAILED, status: 302 },
  { behaviour: "redirect-to-metadata", ...FAILED, status: 302 },
  { behaviour: "garbage", ...FAILED, status: null },
  { behaviour: "closed-without-a-response", ...FAILED, status: null },
  { behaviour: "200-too-late", ...FAILED, status: null },
  { behaviour: "hangs", ...FAILED, status: null },
];

useWebhookFixture();

describe("a delivery", () => {
  const results = new Map<
    Behaviour,
    Promise<{ delivery: DeliveryWithLog; target: CreatedEndpoint }>
  >();

  // Concurrently: some receivers take 20 s for each attempt.
  beforeAll(async () => {
    for (const expected of CASES) {
      const athlete = await Athlete.create(stack);
      const target = await endpoint(athlete, expected.behaviour);
      await publish(stack, exampleEvent("record.set", athlete));
      const isExpected = (delivery: DeliveryWithLog) =>
        expected.waitsS ? delivery.attempts.length === 2 : delivery.status !== "waiting";
      const delivery = waitForDelivery(athlete, target, expected.behaviour, isExpected);
      const both = delivery.then((delivery) => ({ delivery, target }));
      // The test that awaits it gets the error.
      both.catch(() => {});
      results.set(expected.behaviour, both);
    }
  });

  it.each(CASES)("to $behaviour is logged as $outcome with status $status", async (expected) => {
    const { delivery, target } = await resultOf(expected.behaviour);
    for (const attempt of delivery.attempts) {
      expect(attempt).toMatchObject({ outcome: expected.outcome, status: expected.status });
      expect(attempt.answer ?? "").toMatch(expected.storedBody ?? /^/);
      expect(Buffer.byteLength(attempt.answer ?? "")).toBeLessThanOrEqual(RESPONSE_BYTES_MAX);
      if (expected.status === null) {
        expect(attempt.error).toMatch(/./);
      }
    }
    expect(delivery.attempt).toBe(delivery.attempts.length);
    const requests = receiver.requestsTo(target.url);
    expect(requests).toHaveLength(delivery.attempts.length);
    expect(new Set(requests.map((request) => request.body.toString("utf8"))).size).toBe(1);
    for (const request of requests) {
      verifyRequest(request, target.secret);
    }
    if (expected.waitsS) {
      expect(delivery.status).toBe("waiting");
      const [second, third] = expected.waitsS;
      // Under load an attempt can be late, but never early. The time of the next attempt is exact.
      expect(secondsBeforeSecond(delivery)).toBeGreaterThanOrEqual(second - ROUNDED_S);
      expect(secondsBeforeThird(delivery)).toBeGreaterThanOrEqual(third[0] - ROUNDED_S);
      expect(secondsBeforeThird(delivery)).toBeLessThanOrEqual(third[1] + ROUNDED_S);
    } else {
      expect(delivery.next_attempt_at).toBeNull();
      expect(delivery.status).toBe(expected.outcome === "delivered" ? "delivered" : "failed");
    }
  });

  it("does not follow redirects", async () => {
    const { target } = await resultOf("redirect-to-itself");
    expect(receiver.requestsTo(target.url)).toHaveLength(2);
    expect(receiver.requestsTo(receiver.url("ok", "redirected"))).toEqual([]);
  });

  it.each<Behaviour>(["ok-gigabyte", "ok-endless-drip"])("stops reading %s", async (behaviour) => {
    const { target } = await resultOf(behaviour);
    const [request] = await eventually(
      "the connection is closed",
      () => receiver.requestsTo(target.url),
      (requests) => requests.every(({ isOpen }) => !isOpen),
      DELIVERY_TIMEOUT_MS,
    );
    expect(request?.responseBytes).toBeGreaterThan(0);
    expect(request?.responseBytes).toBeLessThan(BUFFERED_BYTES_MAX);
  });

  async function resultOf(behaviour: Behaviour) {
    const result = await results.get(behaviour);
    if (!result) {
      throw new Error(`nothing was sent to ${behaviour}`);
    }
    return result;
  }
});

testSecrecy();

/** Returns the seconds between the end of the first attempt and the second. */
function secondsBeforeSecond({ attempts }: DeliveryWithLog): number {
  const [first, second] = attempts;
  return (Date.parse(second?.at ?? "") - endedAtMs(first)) / 1_000;
}

/** Returns the seconds between the end of the second attempt and the time of the third. */
function secondsBeforeThird({ attempts, next_attempt_at }: DeliveryWithLog): number {
  return (Date.parse(next_attempt_at ?? "") - endedAtMs(attempts[1])) / 1_000;
}

function endedAtMs(attempt: DeliveryWithLog["attempts"][number] | undefined): number {
  return Date.parse(attempt?.at ?? "") + (attempt?.duration_ms ?? 0);
}
