import { beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { eventually } from "./support/eventually";
import { type Behaviour, RETRY_AFTER_S } from "./support/receiver";
import { endpoint, receiver, stack, useHouse, whatIsSecretStaysSo } from "./support/webhook-house";
import {
  type CreatedEndpoint,
  DELIVERED_WITHIN_MS,
  type DeliveryWithLog,
  newsLike,
  tell,
  theDelivery,
  verified,
} from "./support/webhooks";

/** What the network may still take after the sender has gone: the buffers of both sides. */
const TAKEN_BYTES_MAX = 64_000_000;
const ANSWER_BYTES_MAX = 2_048;

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

useHouse();

describe("a delivery to a receiver", () => {
  const seen = new Map<
    Behaviour,
    Promise<{ delivery: DeliveryWithLog; target: CreatedEndpoint }>
  >();

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
      for (const request of requests) {
        verified(request, target.secret);
      }
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

whatIsSecretStaysSo();

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
