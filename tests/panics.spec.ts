import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Athlete, muscle, startedAt, workout } from "./support/athlete";
import { awaitDeadLetters, listDeadLetters } from "./support/dead-letters";
import { type Envelope, message, workoutCompleted } from "./support/events";
import { eventually } from "./support/eventually";
import { expectAcked } from "./support/settled";
import { Stack } from "./support/stack";

const QUEUE = "volume-aggregation";
/** Requests or messages that are in flight beside the one that goes wrong. */
const OTHERS = 50;
/** The shipped workers do these at a statement that names the id (crates/platform/src/drill.rs). */
const PANIC = randomUUID();
const MEMORY = randomUUID();

/** When every workout began; a repeat has to be the same to the letter. */
const BEGAN = startedAt();

let stack: Stack;

beforeAll(async () => {
  const DRILL = `panic:${PANIC},memory:${MEMORY}`;
  stack = await Stack.start({ variables: { DRILL } });
});

afterAll(() => stack?.stop());

/** A completed workout of this id. */
function workoutOf(athlete: Athlete, workout_id: string): Envelope {
  const envelope = workoutCompleted(athlete.id);
  Object.assign(envelope.data.workout ?? {}, { workout_id });
  return envelope;
}

/** Posts a workout of one hard set; answers the status, or that there was no answer. */
async function post(athlete: Athlete, key: string): Promise<number | "none"> {
  const json = workout({ "barbell-bench-press": 1 }, BEGAN);
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

/** Waits until so many sets are in the week, and nothing is on its way. */
async function counted(athlete: Athlete, sets: number): Promise<void> {
  const week = await athlete.aggregatedWeek(BEGAN.slice(0, 10));
  expect(muscle(week, "chest").hard_sets).toBe(sets);
}

it("answers a request that panics with a 500, and the fifty beside it as ever", async () => {
  const athlete = await Athlete.create(stack);
  const posted = keys();
  const before = posted.slice(0, OTHERS / 2).map((key) => post(athlete, key));
  const panicked = athlete.request("GET", `/v1/workouts/${PANIC}`);
  const after = posted.slice(OTHERS / 2).map((key) => post(athlete, key));

  const statuses = await Promise.all([...before, ...after]);
  const answer = await panicked;

  expect(statuses).toEqual(posted.map(() => 201));
  expect(answer.status).toBe(500);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toMatchObject({ status: 500, detail: "internal error" });
  const request_id = answer.headers.get("x-request-id");
  const [line] = stack.log.with({ message: "request", request_id });
  expect(line).toMatchObject({ status: 500, error: "panicked: a drill" });
  await counted(athlete, OTHERS);
});

it("retries a message that panics, and handles the fifty of its batch and fifty batches beside it", async () => {
  const athlete = await Athlete.create(stack);
  const poison = message(workoutOf(athlete, PANIC));
  const neighbours = keys().map(() => message(workoutCompleted(athlete.id)));
  const batch = [...neighbours.slice(0, 20), poison, ...neighbours.slice(20)];
  const beside = keys().map(() => [message(workoutCompleted(athlete.id))]);

  const [decided, ...others] = await Promise.all(
    [batch, ...beside].map((messages) => stack.deliver("aggregation", QUEUE, messages)),
  );

  expect(decided).toMatchObject({ outcome: "ok", ackAll: false });
  expect(decided?.retryMessages).toEqual([{ msgId: poison.id, delaySeconds: 1 }]);
  expect([...(decided?.explicitAcks ?? [])].sort()).toEqual(neighbours.map(({ id }) => id).sort());
  for (const [index, decisions] of others.entries()) {
    expectAcked(decisions, beside[index] ?? []);
  }
  const week = await athlete.aggregatedWeek("2026-11-16");
  expect(muscle(week, "chest").hard_sets).toBe(2 * OTHERS);
});

it("gives a message that panics up after its retries, with what it said", async () => {
  const athlete = await Athlete.create(stack);
  const poison = workoutOf(athlete, PANIC);
  await stack.put(QUEUE, JSON.stringify(poison));
  const [letter] = await awaitDeadLetters(stack, { athlete_id: athlete.id }, 1);
  expect(letter).toMatchObject({
    queue: QUEUE,
    event_id: poison.id,
    attempts: 4,
    reason: "panicked: a drill",
    body: JSON.stringify(poison),
  });
});

it("loses no workout of an api that runs out of memory, and answers again at once", async () => {
  const athlete = await Athlete.create(stack);
  const posted = keys();
  const before = posted.map((key) => post(athlete, key));
  const answer = await athlete.request("GET", `/v1/workouts/${MEMORY}`);
  expect(answer.status).toBe(500);
  await answer.text();

  expect(await post(athlete, randomUUID())).toBe(201);
  const first = await Promise.all(before);
  console.log(`${first.filter((status) => status === 201).length} of ${OTHERS} were answered`);
  const second = await Promise.all(posted.map((key) => post(athlete, key)));
  expect(second).toEqual(posted.map(() => 201));
  await counted(athlete, OTHERS + 1);
});

it("loses no message of a consumer that runs out of memory: neighbours come again by the sweep", async () => {
  const athlete = await Athlete.create(stack);
  const poison = workoutOf(athlete, MEMORY);
  await stack.put(QUEUE, JSON.stringify(poison));
  const statuses = await Promise.all(keys().map((key) => post(athlete, key)));
  expect(new Set(statuses)).toEqual(new Set([201]));
  const letters = await eventually(
    "the poison is given up",
    async () => (await listDeadLetters(stack, { athlete_id: athlete.id })).items,
    (items) => items.some(({ event_id }) => event_id === poison.id),
  );
  console.log(`${letters.length - 1} neighbours were given up with it`);
  await stack.database.prepare("UPDATE workouts SET resend_at_ms = 0").run();
  await stack.strikeCron();
  await counted(athlete, OTHERS);
});
