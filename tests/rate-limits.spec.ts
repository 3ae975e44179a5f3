import type { Response } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { Stack } from "./support/stack";

/** A call with an invalid query, which is rejected before the database. */
const QUICK = "/v1/workouts?limit=0";
const STREAM = "/v1/notifications/stream";

/** Lower than in production, per minute: a busy machine must be able to exceed them. */
const CALLS_OF_A_KEY = 10;
const STREAMS = 4;
/** Higher than the calls of the other tests, which have one address. */
const CALLS_OF_AN_ADDRESS = 50;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({
    rateLimits: {
      KEY_RATE: CALLS_OF_A_KEY,
      STREAM_RATE: STREAMS,
      ADDRESS_RATE: CALLS_OF_AN_ADDRESS,
    },
  });
});

afterAll(() => stack?.stop());

/**
 * Calls until a call is 429, and returns that response. Makes at most the calls of two periods, because
 * a period may end in between.
 */
async function callUntilLimited(limit: number, call: () => Promise<Response>): Promise<Response> {
  for (let calls = 0; calls <= 2 * limit; calls += 1) {
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
  expect(await response.json()).toMatchObject({ status: 429, code: "rate_limited" });
}

describe("a call over the rate limit", () => {
  it("is 429 for its key only", async () => {
    const [athlete, other] = await Promise.all([Athlete.create(stack), Athlete.create(stack)]);
    const response = await callUntilLimited(CALLS_OF_A_KEY, () => athlete.request("GET", QUICK));
    await expectTooOften(response, "10");
    expect((await other.request("GET", QUICK)).status).toBe(400);
  });

  it("is 429 for its address, even with an invalid token", async () => {
    const from = (address: string) => () =>
      stack.request("GET", "/v1/admin/pipeline", {
        token: "guessed",
        headers: { "cf-connecting-ip": address },
      });
    const response = await callUntilLimited(CALLS_OF_AN_ADDRESS, from("2001:db8:1:2::3"));
    await expectTooOften(response, "10");
    expect((await from("203.0.113.7")()).status).toBe(401);
  });

  it("is 429 for the streams of a key only", async () => {
    const athlete = await Athlete.create(stack);
    const response = await callUntilLimited(STREAMS, () => athlete.request("GET", STREAM));
    await expectTooOften(response, "60");
    expect((await athlete.request("GET", "/v1/me")).status).toBe(200);
  });
});

it("no call was admitted without a count", () => {
  expect(stack.log.linesWith({ message: "rate limit not counted; call admitted" })).toEqual([]);
});
