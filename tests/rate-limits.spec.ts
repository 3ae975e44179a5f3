import type { Response } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { Stack } from "./support/stack";

/** A call that is refused by its query: it reaches no database. */
const QUICK = "/v1/workouts?limit=0";
const STREAM = "/v1/notifications/stream";

/** Less than is shipped, and in a minute each: a busy machine has to be able to exceed them. */
const CALLS_OF_A_KEY = 10;
const STREAMS = 4;
/** The tests of keys and streams call from one address too, and stay under it. */
const CALLS_OF_AN_ADDRESS = 50;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({
    callsAMinute: {
      KEY_RATE: CALLS_OF_A_KEY,
      STREAM_RATE: STREAMS,
      ADDRESS_RATE: CALLS_OF_AN_ADDRESS,
    },
  });
});

afterAll(() => stack?.stop());

/**
 * Calls until a call is refused, but no more often than there is room in two periods: the period may end
 * in between. Answers the refusal.
 */
async function refused(limit: number, call: () => Promise<Response>): Promise<Response> {
  for (let made = 0; made <= 2 * limit; made += 1) {
    const response = await call();
    if (response.status === 429) {
      return response;
    }
    await response.body?.cancel();
  }
  throw new Error(`${2 * limit} calls were all admitted`);
}

async function expectTooOften(response: Response, retryAfter: string): Promise<void> {
  expect(response.headers.get("retry-after")).toBe(retryAfter);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ status: 429, title: "Too Many Requests" });
}

describe("too often", () => {
  it("is 429 for a key, and another is served", async () => {
    const [athlete, other] = await Promise.all([Athlete.create(stack), Athlete.create(stack)]);
    const response = await refused(CALLS_OF_A_KEY, () => athlete.request("GET", QUICK));
    await expectTooOften(response, "10");
    expect((await other.request("GET", QUICK)).status).toBe(422);
  });

  it("is 429 for an address, whatever it shows", async () => {
    const from = (address: string) => () =>
      stack.request("GET", "/v1/admin/pipeline", {
        token: "guessed",
        headers: { "cf-connecting-ip": address },
      });
    const response = await refused(CALLS_OF_AN_ADDRESS, from("2001:db8:1:2::3"));
    await expectTooOften(response, "10");
    expect((await from("203.0.113.7")()).status).toBe(401);
  });

  it("is 429 for the streams of a key, and its other calls are served", async () => {
    const athlete = await Athlete.create(stack);
    const response = await refused(STREAMS, () => athlete.request("GET", STREAM));
    await expectTooOften(response, "60");
    expect((await athlete.request("GET", "/v1/me")).status).toBe(200);
  });
});

it("nothing was admitted because calls were not counted", () => {
  expect(stack.log.with({ message: "rate limit not counted; call admitted" })).toEqual([]);
});
