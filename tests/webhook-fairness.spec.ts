import { afterAll, beforeAll, expect, it } from "vitest";
import { deliverAll, EVENTS, GOOD_ENDPOINTS } from "./support/fairness";
import { Receiver } from "./support/receiver";
import { Stack } from "./support/stack";

/** Longer than the deliveries may take. */
const TIMEOUT_MS = 300_000;
/**
 * Attempts at an endpoint that fails, by the time that 900 deliveries take: three at first, then one
 * at a time of 20 s each. If anything waited for it, there would be one for each of the events.
 */
const HANGING_ATTEMPTS_MAX = 15;

let stack: Stack;
let receiver: Receiver;

beforeAll(async () => {
  [stack, receiver] = await Promise.all([Stack.start(), Receiver.start()]);
});

afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
});

// How long it takes, against how long it takes alone, is what tests/bench/webhooks.bench.ts measures.
it(
  "900 deliveries to nine endpoints all come while a tenth never answers one",
  async () => {
    const { goodUrls, hangingUrl = "" } = await deliverAll(stack, receiver, true);
    const ids = goodUrls.map((url) => receiver.at(url).map(({ headers }) => headers["webhook-id"]));
    expect(ids).toHaveLength(GOOD_ENDPOINTS);
    for (const each of ids) {
      expect(each).toHaveLength(EVENTS);
      expect(new Set(each)).toEqual(new Set(ids[0]));
    }
    const hanging = receiver.at(hangingUrl);
    expect(hanging.length).toBeGreaterThan(0);
    expect(hanging.length).toBeLessThanOrEqual(HANGING_ATTEMPTS_MAX);
  },
  TIMEOUT_MS,
);
