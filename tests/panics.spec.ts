import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Athlete, muscle, startedAt, workout } from "./support/athlete";
import { listDeadLetters, waitForDeadLetters } from "./support/dead-letters";
import { expectAcked } from "./support/decisions";
import { type Envelope, message, workoutCompleted } from "./support/events";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

const QUEUE = "volume-aggregation";
/** Requests or messages in flight at the same time as the one that fails. */
const OTHERS = 50;
/** The workers fail at a statement that names one of these ids (crates/platform/src/drill.rs). */
const PANIC = randomUUID();
const MEMORY = randomUUID();

/** The start of every workout: the retry of a request must have the same body. */
const STARTED_AT = startedAt();

let stack: Stack;

beforeAll(async () => {
  const DRILL = `panic:${PANIC},memory:${MEMORY}`;
  stack = await Stack.start({ variables: { DRILL } });
});

afterAll(() => stack?.stop());

function workoutOf(athlete: Athlete, workout_id: string): Envelope {
  const envelope = workoutCompleted(athlete.id);
  Object.assign(envelope.data.workout ?? {}, { workout_id });
  return envelope;
}

/** Posts a workout of one hard set, and returns the status, or "none" without a response. */
async function post(athlete: Athlete, key: string): Promise<number | "none"> {
  const json = workout({ "barbell-bench-press": 1 }, STARTED_AT);
  const headers = { "idempotency-key": key };
  try {
    const response = await athlete.request("POST", "/v1/workouts", { json, headers });
    await response.text();
    return response.status;
  } catch {
    return "none";
  }
}

const keys = () => Array.from({ length: OTHERS }, () => randomUUID());

/** Waits until every workout is aggregated, and expects this number of sets in the week. */
async function expectSets(athlete: Athlete, sets: number): Promise<void> {
  const week = await athlete.aggregatedWeek(STARTED_AT.slice(0, 10));
  expect(muscle(week, "chest").hard_sets).toBe(sets);
}

it("a panicking request is 500; concurrent requests succeed", async () => {
  const athlete = await Athlete.create(stack);
  const posted = keys();
  const before = posted.slice(0, OTHERS / 2).map((key) => post(athlete, key));
  const panicked = athlete.request("GET", `/v1/workouts/${PANIC}`);
  const after = posted.slice(OTHERS / 2).map((key) => post(athlete, key));

  const statuses = await Promise.all([...before, ...after]);
  const response = await panicked;

  expect(statuses).toEqual(posted.map(() => 201));
  expect(response.status).toBe(500);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ status: 500, code: "internal_error" });
  const request_id = response.headers.get("x-request-id");
  const [line] = stack.log.linesWith({ message: "request", request_id });
  expect(line).toMatchObject({ status: 500, error: "panicked: a drill" });
  await expectSets(athlete, OTHERS);
});

it("a panicking message is retried; concurrent messages are acknowledged", async () => {
  const athlete = await Athlete.create(stack);
  const poison = message(workoutOf(athlete, PANIC));
  const neighbours = keys().map(() => message(workoutCompleted(athlete.id)));
  const batch = [...neighbours.slice(0, 20), poison, ...neighbours.slice(20)];
  const otherBatches = keys().map(() => [message(workoutCompleted(athlete.id))]);

  const [decisions, ...others] = await Promise.all(
    [batch, ...otherBatches].map((messages) => stack.deliver("aggregation", QUEUE, messages)),
  );

  expect(decisions).toMatchObject({ outcome: "ok", ackAll: false });
  expect(decisions?.retryMessages).toEqual([{ msgId: poison.id, delaySeconds: 1 }]);
  expect([...(decisions?.explicitAcks ?? [])].sort()).toEqual(
    neighbours.map(({ id }) => id).sort(),
  );
  for (const [index, other] of others.entries()) {
    expectAcked(other, otherBatches[index] ?? []);
  }
  const week = await athlete.aggregatedWeek("2026-11-16");
  expect(muscle(week, "chest").hard_sets).toBe(2 * OTHERS);
});

it("a panicking message is dead-lettered with its panic message", async () => {
  const athlete = await Athlete.create(stack);
  const poison = workoutOf(athlete, PANIC);
  await stack.enqueue(QUEUE, JSON.stringify(poison));
  const [deadLetter] = await waitForDeadLetters(stack, { athlete_id: athlete.id }, 1);
  expect(deadLetter).toMatchObject({
    queue: QUEUE,
    event_id: poison.id,
    attempts: 4,
    reason: "panicked: a drill",
    body: JSON.stringify(poison),
  });
});

it("an api out of memory loses no workout and recovers", async () => {
  const athlete = await Athlete.create(stack);
  const posted = keys();
  const before = posted.map((key) => post(athlete, key));
  const path = `/v1/workouts/${MEMORY}`;
  const response = await stack.requestWorkerDown("GET", path, { token: athlete.key });
  expect(response.status).toBe(500);
  await response.text();

  expect(await post(athlete, randomUUID())).toBe(201);
  const first = await Promise.all(before);
  console.log(`${first.filter((status) => status === 201).length} of ${OTHERS} had a response`);
  const second = await Promise.all(posted.map((key) => post(athlete, key)));
  expect(second).toEqual(posted.map(() => 201));
  await expectSets(athlete, OTHERS + 1);
});

it("the sweep resends messages lost with a crashed consumer", async () => {
  const athlete = await Athlete.create(stack);
  const poison = workoutOf(athlete, MEMORY);
  await stack.enqueue(QUEUE, JSON.stringify(poison));
  const statuses = await Promise.all(keys().map((key) => post(athlete, key)));
  expect(new Set(statuses)).toEqual(new Set([201]));
  const deadLetters = await eventually(
    "the poison message is dead-lettered",
    async () => (await listDeadLetters(stack, { athlete_id: athlete.id })).items,
    (items) => items.some(({ event_id }) => event_id === poison.id),
  );
  console.log(`${deadLetters.length - 1} other messages were dead-lettered with it`);
  await stack.query("UPDATE workouts SET due_at_ms = 0 WHERE due_at_ms IS NOT NULL");
  await stack.runCron();
  await expectSets(athlete, OTHERS);
});
