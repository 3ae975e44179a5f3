import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, muscle } from "./support/athlete";
import { waitForDeadLetters } from "./support/dead-letters";
import { expectAcked } from "./support/decisions";
import {
  CONSUMERS,
  type Envelope,
  event,
  GOLDEN_DAY,
  message,
  misroutedEvent,
  monday,
  patternDetected,
  validEvent,
  workoutCompleted,
} from "./support/events";
import { eventually } from "./support/eventually";
import { type Consumer, type Message, Stack } from "./support/stack";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

describe.each(CONSUMERS)("$consumer", ({ consumer, queue }) => {
  it.each([1, 2, 3, 4])("acknowledges a valid event at attempt %i", async (attempt) => {
    const athlete = await Athlete.create(stack);
    const valid = message(validEvent(queue, athlete.id), attempt);
    expectAcked(await stack.deliver(consumer, queue, [valid]), [valid]);
  });

  it("dead-letters invalid messages and acknowledges the others", async () => {
    const athlete = await Athlete.create(stack);
    const invalid = [...invalidMessages(queue, athlete.id), ...invalidFor(consumer)];
    const valid = [message(validEvent(queue, athlete.id)), message(validEvent(queue, athlete.id))];
    const batch = [...valid.slice(0, 1), ...invalid.map((each) => each.message), ...valid.slice(1)];

    expectAcked(await stack.deliver(consumer, queue, batch), batch);

    await expectEffectOfTwo(queue, athlete);
    const ids = new Set(invalid.map((each) => each.message.id));
    const deadLetters = await eventually(
      "a dead letter for each invalid message",
      async () =>
        (await waitForDeadLetters(stack, { queue }, 0)).filter((each) => ids.has(each.message_id)),
      (seen) => seen.length === invalid.length,
    );
    for (const { message: rejected, reason } of invalid) {
      const deadLetter = deadLetters.find(({ message_id }) => message_id === rejected.id);
      expect(deadLetter).toMatchObject({ queue, attempts: 1, status: "open" });
      expect(deadLetter?.reason).toContain(reason);
      const body =
        typeof rejected.body === "string" ? rejected.body : JSON.stringify(rejected.body);
      expect(deadLetter?.body).toBe(body);
    }
  });
});

it("retries a message until the database has recovered", async () => {
  const athlete = await Athlete.create(stack);
  const envelope = workoutCompleted(athlete.id, 2);
  await stack.withoutTable("volume_ledger", async () => {
    await stack.enqueue("volume-aggregation", JSON.stringify(envelope));
    await eventually(
      "the first attempt has failed",
      () => stack.log.linesWith({ event_id: envelope.id, attempt: 1, outcome: "transient" }),
      (lines) => lines.length > 0,
    );
  });
  const [done] = await eventually(
    "a later attempt succeeds",
    () => stack.log.linesWith({ event_id: envelope.id, outcome: "done" }),
    (lines) => lines.length > 0,
  );
  expect(done?.attempt).toBeGreaterThan(1);
  const week = await athlete.aggregatedWeek(GOLDEN_DAY);
  expect(muscle(week, "chest").hard_sets).toBe(2);
});

describe("a batch delivered twice", () => {
  it("adds nothing to the totals", async () => {
    const athlete = await Athlete.create(stack);
    const batch = [workoutCompleted(athlete.id, 4), workoutCompleted(athlete.id, 3)].map(
      (envelope) => message(envelope),
    );
    const deliver = () => stack.deliver("aggregation", "volume-aggregation", batch);
    expectAcked(await deliver(), batch);
    const once = await athlete.weekly(GOLDEN_DAY);
    expect(muscle(await athlete.aggregatedWeek(GOLDEN_DAY), "chest").hard_sets).toBe(7);

    expectAcked(await deliver(), batch);
    expectAcked(
      await stack.deliver("aggregation", "volume-aggregation", [...batch, ...batch]),
      batch,
    );

    expect(await athlete.weekly(GOLDEN_DAY)).toEqual(once);
    expect(await stack.countRows("volume_ledger", athlete.id)).toBe(2);
    expect(await stack.countRows("daily_volume", athlete.id)).toBe(1);
    expect(await stack.countRows("weekly_volume", athlete.id)).toBe(1);
  });

  it("counts the newest revision of a workout in any order", async () => {
    const athlete = await Athlete.create(stack);
    const first = workoutCompleted(athlete.id, 5);
    const second = revised(first, 2, "VolumeUpdated", 3);
    const deleted = revised(first, 3, "WorkoutDeleted", 3);
    const deliver = (envelopes: Envelope[]) =>
      stack.deliver(
        "aggregation",
        "volume-aggregation",
        envelopes.map((envelope) => message(envelope)),
      );
    const chest = async () => muscle(await athlete.aggregatedWeek(GOLDEN_DAY), "chest").hard_sets;

    await deliver([second]);
    expect(await chest()).toBe(3);
    await deliver([first]);
    expect(await chest()).toBe(3);
    await deliver([deleted, first, second]);
    expect(await chest()).toBe(0);
    await deliver([first, second]);
    expect(await chest()).toBe(0);
  });

  it("detects and notifies a pattern once", async () => {
    const athlete = await Athlete.create(stack);
    await stack.deliver("aggregation", "volume-aggregation", [
      message(workoutCompleted(athlete.id, 30, new Date().toISOString())),
    ]);
    const week_start = monday(Date.now() / 86_400_000);
    const batch = [
      message(event("AggregationUpdated", athlete.id, { week_start })),
      message(event("VolumeThresholdReached", athlete.id, { week_start })),
    ];
    expectAcked(await stack.deliver("ai", "ai-analysis", batch), batch);
    expectAcked(await stack.deliver("ai", "ai-analysis", batch), batch);
    expect(await stack.countRows("patterns", athlete.id)).toBe(1);

    // Waits for the events that aggregation itself sent.
    await eventually(
      "ai has handled aggregation's own events",
      () => stack.log.linesWith({ worker: "ai", message: "event", athlete_id: athlete.id }),
      (lines) => lines.length >= 6,
    );
    await waitForEarlierNotifications();
    expect(await stack.countRows("patterns", athlete.id)).toBe(1);
    expect((await athlete.notifications()).items).toHaveLength(1);
    expect(athlete.emails).toHaveLength(1);
  });

  it("creates one notification and one email for each event", async () => {
    const athlete = await Athlete.create(stack);
    const batch = [
      message(patternDetected(athlete.id)),
      message(event("NotificationRequested", athlete.id)),
    ];
    const deliver = (messages: Message[]) =>
      stack.deliver("webhook", "webhook-notification", messages);
    expectAcked(await deliver(batch), batch);
    expectAcked(await deliver(batch), batch);
    expectAcked(await deliver(batch.map((each) => ({ ...each, attempts: 2 }))), batch);
    expectAcked(await deliver([...batch, ...batch]), batch);

    await waitForEarlierNotifications();
    const { items, unread } = await athlete.notifications();
    expect(items.map(({ kind }) => kind).sort()).toEqual(["volume_above_mrv", "weekly_report"]);
    expect(unread).toBe(2);
    expect(athlete.emails).toHaveLength(2);
  });
});

interface InvalidMessage {
  message: Message;
  reason: string;
}

function invalidMessages(queue: string, athleteId: string): InvalidMessage[] {
  const valid = validEvent(queue, athleteId);
  const invalid = (body: unknown, reason: string): InvalidMessage => ({
    message: message(body),
    reason,
  });
  return [
    invalid("garbage {", "not a CloudEvents 1.0 envelope"),
    invalid("", "not a CloudEvents 1.0 envelope"),
    invalid({ hello: "world" }, "not a CloudEvents 1.0 envelope"),
    invalid(misroutedEvent(queue, athleteId), `is not routed to ${queue}`),
    invalid(
      { ...valid, id: randomUUID(), type: "bulktrack.MoonLanded.v1" },
      "unknown event type bulktrack.MoonLanded.v1",
    ),
    invalid({ ...valid, id: randomUUID(), data: { wrong: true } }, "an invalid payload"),
    invalid({ ...valid, id: randomUUID(), specversion: "0.3" }, "CloudEvents 0.3, not 1.0"),
  ];
}

/** Returns events that decode and that the consumer rejects. */
function invalidFor(consumer: Consumer): InvalidMessage[] {
  const stranger = randomUUID();
  switch (consumer) {
    case "aggregation":
      return [
        { message: message(workoutCompleted(stranger)), reason: "FOREIGN KEY" },
        { message: message(workoutCompleted(stranger, 501)), reason: "501 sets" },
      ];
    case "ai":
      return [];
    case "webhook":
      return [
        { message: message(patternDetected(stranger)), reason: "no such athlete" },
        {
          message: message(event("NotificationRequested", stranger, { kind: "horoscope" })),
          reason: 'unknown notification kind "horoscope"',
        },
      ];
  }
}

/** Expects the effects of two valid events. */
async function expectEffectOfTwo(queue: string, athlete: Athlete): Promise<void> {
  switch (queue) {
    case "volume-aggregation": {
      const week = await athlete.aggregatedWeek(GOLDEN_DAY);
      expect(week.workouts).toBe(2);
      expect(muscle(week, "chest").hard_sets).toBe(2);
      return;
    }
    case "ai-analysis": {
      const done = await eventually(
        "both are done",
        () => stack.log.linesWith({ worker: "ai", athlete_id: athlete.id, outcome: "done" }),
        (lines) => lines.length >= 2,
      );
      expect(done).toHaveLength(2);
      return;
    }
    default: {
      const { items } = await athlete.notifications();
      expect(items).toHaveLength(2);
    }
  }
}

/** Returns another revision of the same workout. */
function revised(
  { data, ...envelope }: Envelope,
  revision: number,
  type: "VolumeUpdated" | "WorkoutDeleted",
  hardSets: number,
): Envelope {
  const { workout } = data;
  const other = workoutCompleted(envelope.partitionkey, hardSets).data.workout;
  if (!workout || !other) {
    throw new Error("not an event of a workout");
  }
  return {
    ...envelope,
    id: randomUUID(),
    type: `bulktrack.${type}.v1`,
    data: { workout: { ...workout, revision, exercises: other.exercises } },
  };
}

/**
 * Waits for the email of an event that is sent now to the queue of webhook. The local queue preserves
 * the order, so all earlier events are processed then.
 */
async function waitForEarlierNotifications(): Promise<void> {
  const marker = await Athlete.create(stack);
  await stack.enqueue("webhook-notification", JSON.stringify(patternDetected(marker.id)));
  await eventually(
    "the email of the marker",
    () => marker.emails,
    (emails) => emails.length === 1,
  );
}
