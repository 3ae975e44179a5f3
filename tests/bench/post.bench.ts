import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { Athlete } from "../support/athlete";
import { typicalWorkout } from "../support/costs";
import { Stack } from "../support/stack";
import { PEERS, startPeer, type Target } from "./peers/peers";

/** The budgets of docs/explanation/performance.md with 8 connections: ours relative to a peer. */
const BUDGETS = { "floor.mjs": 0.8, "hono.ts": 1.5 } as const;
/** The part of a budget that a busy machine may cost. */
const TOLERANCE = 0.1;
const CONNECTIONS = [1, 8, 32] as const;
/** Alternating measurements of each, so that other load slows all. */
const TURNS = 7;
const POSTS_PER_TURN = 160;

let folder: string | undefined;

afterEach(() => folder && rmSync(folder, { recursive: true }));

it.each(["memory", "disk"])("a POST of a workout beside a bare worker, D1 in %s", async (place) => {
  folder = place === "disk" ? mkdtempSync(join(tmpdir(), "bench-")) : undefined;
  const targets = new Map<string, Target>([["ours", await startOurs(folder)]]);
  for (const file of PEERS) {
    targets.set(file, await startPeer(file, folder));
  }
  const rates = new Map<string, number[][]>();
  for (const [name, target] of targets) {
    rates.set(
      name,
      CONNECTIONS.map(() => []),
    );
    await measure(target, 8);
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const order = [...targets];
    for (const [name, target] of turn % 2 === 0 ? order : order.reverse()) {
      for (const [index, connections] of CONNECTIONS.entries()) {
        rates.get(name)?.[index]?.push(await measure(target, connections));
      }
    }
  }
  const floor = medians(rates.get("floor.mjs"));
  const rows = [...rates].map(([name, all]) => [
    name,
    Object.fromEntries(
      medians(all).flatMap((rate, index) => [
        [`${CONNECTIONS[index]}: POSTs/s`, Math.round(rate)],
        [
          `${CONNECTIONS[index]}: of the floor`,
          Math.round((100 * rate) / (floor[index] ?? 1)) / 100,
        ],
      ]),
    ),
  ]);
  console.table(Object.fromEntries(rows));
  await Promise.all([...targets.values()].map((target) => target.stop()));
  const ours = medians(rates.get("ours"))[1] ?? 0;
  for (const [peer, budget] of Object.entries(BUDGETS)) {
    const ratio = ours / (medians(rates.get(peer))[1] ?? 1);
    expect(ratio, `of ${peer}`).toBeGreaterThanOrEqual(budget * (1 - TOLERANCE));
  }
});

async function startOurs(folder: string | undefined): Promise<Target> {
  const stack = await Stack.start({ rateLimits: false, consumers: false, folder });
  const { key } = await Athlete.create(stack);
  return { url: stack.url, key, stop: () => stack.stop() };
}

/** Returns the POSTs a second of one turn. */
async function measure(target: Target, connections: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const startMs = performance.now();
  let left = POSTS_PER_TURN;
  const post = async () => {
    while (left-- > 0) {
      expect(await postWorkout(target, agent)).toBe(201);
    }
  };
  await Promise.all(Array.from({ length: connections }, post));
  agent.destroy();
  return POSTS_PER_TURN / ((performance.now() - startMs) / 1_000);
}

function postWorkout({ url, key }: Target, agent: Agent): Promise<number | undefined> {
  const body = JSON.stringify(typicalWorkout());
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "idempotency-key": randomUUID(),
  };
  return new Promise((resolve, reject) => {
    request(new URL("/v1/workouts", url), { method: "POST", agent, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    })
      .on("error", reject)
      .end(body);
  });
}

function medians(rates: number[][] = []): number[] {
  return rates.map((each) => each.toSorted((a, b) => a - b)[each.length >> 1] ?? 0);
}
