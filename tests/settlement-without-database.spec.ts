import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listDeadLetters, waitForDeadLetters } from "./support/dead-letters";
import { expectAcked } from "./support/decisions";
import { CONSUMERS, type Envelope, message, validEvent } from "./support/events";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

let stack: Stack;
const deadLettered: { queue: string; envelope: Envelope }[] = [];

// Without its tables the database fails every statement.
beforeAll(async () => {
  stack = await Stack.start({ migrated: false });
});

afterAll(() => stack?.stop());

describe.each(CONSUMERS)("$consumer", ({ consumer, queue }) => {
  it.each([
    { attempt: 1, delaySeconds: 1 },
    { attempt: 2, delaySeconds: 2 },
    { attempt: 3, delaySeconds: 4 },
  ])("retries attempt $attempt after $delaySeconds s", async ({ attempt, delaySeconds }) => {
    const waiting = message(validEvent(queue, randomUUID()), attempt);
    const decisions = await stack.deliver(consumer, queue, [waiting]);
    expect(decisions).toMatchObject({ outcome: "ok", ackAll: false, explicitAcks: [] });
    expect(decisions.retryBatch.retry).toBe(false);
    expect(decisions.retryMessages).toEqual([{ msgId: waiting.id, delaySeconds }]);
  });

  it("delays each message of a batch by its attempt", async () => {
    const batch = [3, 1, 2].map((attempt) => message(validEvent(queue, randomUUID()), attempt));
    const decisions = await stack.deliver(consumer, queue, batch);
    expect(decisions.retryMessages.map(({ msgId, delaySeconds }) => [msgId, delaySeconds])).toEqual(
      batch.map(({ id }, index) => [id, [4, 1, 2][index]]),
    );
  });

  it("dead-letters attempt 4", async () => {
    const envelope = validEvent(queue, randomUUID());
    deadLettered.push({ queue, envelope });
    const last = message(envelope, 4);
    expectAcked(await stack.deliver(consumer, queue, [last]), [last]);
  });
});

it("dead letters are stored when the database has recovered", async () => {
  await eventually(
    "the first attempt of each dead letter has failed",
    () => stack.log.linesWith({ message: "dead letter", outcome: "transient" }),
    (lines) => new Set(lines.map((line) => line.queue)).size === CONSUMERS.length,
  );
  await stack.migrate();
  for (const { queue, envelope } of deadLettered) {
    const [deadLetter] = await waitForDeadLetters(stack, { queue }, 1);
    expect(deadLetter).toMatchObject({
      queue,
      event_id: envelope.id,
      event_type: envelope.type,
      athlete_id: envelope.partitionkey,
      attempts: 4,
      status: "waiting",
      body: JSON.stringify(envelope),
    });
    expect(deadLetter?.reason).toContain("no such table");
  }
  expect((await listDeadLetters(stack)).total).toBe(CONSUMERS.length);
});
