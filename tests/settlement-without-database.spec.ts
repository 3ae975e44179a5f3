import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awaitDeadLetters, listDeadLetters } from "./support/dead-letters";
import { CONSUMERS, type Envelope, goodEvent, message } from "./support/events";
import { eventually } from "./support/eventually";
import { expectAcked } from "./support/settled";
import { Stack } from "./support/stack";

let stack: Stack;
const given: { queue: string; envelope: Envelope }[] = [];

// Without its tables the database fails whatever it is asked.
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
    const waiting = message(goodEvent(queue, randomUUID()), attempt);
    const decided = await stack.deliver(consumer, queue, [waiting]);
    expect(decided).toMatchObject({ outcome: "ok", ackAll: false, explicitAcks: [] });
    expect(decided.retryBatch.retry).toBe(false);
    expect(decided.retryMessages).toEqual([{ msgId: waiting.id, delaySeconds }]);
  });

  it("decides for each message of a batch by its own attempt", async () => {
    const batch = [3, 1, 2].map((attempt) => message(goodEvent(queue, randomUUID()), attempt));
    const decided = await stack.deliver(consumer, queue, batch);
    expect(decided.retryMessages.map(({ msgId, delaySeconds }) => [msgId, delaySeconds])).toEqual(
      batch.map(({ id }, index) => [id, [4, 1, 2][index]]),
    );
  });

  it("gives attempt 4 up", async () => {
    const envelope = goodEvent(queue, randomUUID());
    given.push({ queue, envelope });
    const last = message(envelope, 4);
    expectAcked(await stack.deliver(consumer, queue, [last]), [last]);
  });
});

it("keeps what was given up until the database is back, and then it can be read", async () => {
  await eventually(
    "the first try of each dead letter has failed",
    () => stack.log.with({ message: "dead letter", outcome: "transient" }),
    (lines) => new Set(lines.map((line) => line.queue)).size === CONSUMERS.length,
  );
  await stack.migrate();
  for (const { queue, envelope } of given) {
    const [letter] = await awaitDeadLetters(stack, { queue }, 1);
    expect(letter).toMatchObject({
      queue,
      event_id: envelope.id,
      event_type: envelope.type,
      athlete_id: envelope.partitionkey,
      attempts: 4,
      status: "open",
      body: JSON.stringify(envelope),
    });
    expect(letter?.reason).toContain("no such table");
  }
  expect((await listDeadLetters(stack)).total).toBe(CONSUMERS.length);
});
