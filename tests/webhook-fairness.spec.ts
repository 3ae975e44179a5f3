import { afterAll, beforeAll, expect, it } from "vitest";
import { deliverAll, EVENTS, GOOD_ENDPOINTS } from "./support/fairness";
import { Receiver } from "./support/receiver";
import { Stack } from "./support/stack";

/** Longer than all deliveries take. */
const TIMEOUT_MS = 300_000;
/**
 * The maximum of attempts to the hanging endpoint during 900 deliveries: three at first, then one at a
 * time, each of 20 s. Without fairness there would be one for each event.
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

// tests/bench/webhooks.bench.ts compares the durations with and without the hanging endpoint.
it(
  "a hanging endpoint does not stop 900 deliveries to others",
  async () => {
    const { goodUrls, hangingUrl = "" } = await deliverAll(stack, receiver, true);
    const requests = goodUrls.map((url) => receiver.requestsTo(url));
    expect(requests).toHaveLength(GOOD_ENDPOINTS);
    const bodies = requests.map((each) => each.map(({ body }) => body.toString()).sort());
    for (const each of bodies) {
      expect(each).toHaveLength(EVENTS);
      expect(each).toEqual(bodies[0]);
    }
    // Each message has an id of its own: endpoints that share a receiver are told apart.
    const ids = requests.flat().map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(GOOD_ENDPOINTS * EVENTS);
    const hanging = receiver.requestsTo(hangingUrl);
    expect(hanging.length).toBeGreaterThan(0);
    expect(hanging.length).toBeLessThanOrEqual(HANGING_ATTEMPTS_MAX);
  },
  TIMEOUT_MS,
);
