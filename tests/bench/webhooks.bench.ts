import { afterAll, beforeAll, expect, it } from "vitest";
import { deliverAll } from "../support/fairness";
import { Receiver } from "../support/receiver";
import { Stack } from "../support/stack";
import { call } from "../support/webhooks";

/** The maximum slow-down of nine endpoints by a tenth that hangs. */
const RATIO_MAX = 1.2;
/** Alternating measurements of each; the best counts, because other load slows the machine. */
const ROUNDS = 3;

let stack: Stack;
let receiver: Receiver;

beforeAll(async () => {
  [stack, receiver] = await Promise.all([Stack.start(), Receiver.start()]);
});

afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
});

it("a hanging endpoint does not slow down nine others", async () => {
  // The first round compiles code and fills caches.
  await measure(false);
  const alone: number[] = [];
  const withHanging: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await measure(false));
    withHanging.push(await measure(true));
  }
  const ratio = Math.min(...withHanging) / Math.min(...alone);
  console.table({
    "alone, ms": alone,
    "with a hanging endpoint, ms": withHanging,
    "ratio of the best": [Math.round(ratio * 100) / 100],
  });
  expect(ratio).toBeLessThanOrEqual(RATIO_MAX);
});

/** Returns the duration of a round, and deletes its data. */
async function measure(hasHanging: boolean): Promise<number> {
  const { athlete, elapsedMs } = await deliverAll(stack, receiver, hasHanging);
  await call(athlete, "DELETE", "/v1/me");
  receiver.closeConnections();
  return elapsedMs;
}
