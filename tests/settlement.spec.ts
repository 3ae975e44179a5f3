import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, muscle } from "./support/athlete";
import { awaitDeadLetters } from "./support/dead-letters";
import {
  CONSUMERS,
  type Envelope,
  event,
  GOLDEN_DAY,
  goodEvent,
  message,
  patternDetected,
  strayEvent,
  workoutCompleted,
} from "./support/events";
import { eventually } from "./support/eventually";
import { expectAcked } from "./support/settled";
import { type Consumer, type Message, Stack } from "./support/stack";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

describe.each(CONSUMERS)("$consumer", ({ consumer, queue }) => {
  it.each([1, 2, 3, 4])("acknowledges a good event at attempt %i", async (attempt) => {
    const athlete = await Athlete.create(stack);
    const good = message(goodEvent(queue, athlete.id), attempt);
    expectAcked(await stack.deliver(consumer, queue, [good]), [good]);
  });

  it("keeps a bad message's neighbours from harm, and gives the bad one up with its reason", async () => {
    const athlete = await Athlete.create(stack);
    const poison = [...badMessages(queue, athlete.id), ...badFor(consumer)];
    const good = [message(goodEvent(queue, athlete.id)), message(goodEvent(queue, athlete.id))];
    const batch = [...good.slice(0, 1), ...poison.map((bad) => bad.message), ...good.slice(1)];

    expectAcked(await stack.deliver(consumer, queue, batch), batch);

    await expectEffectOfTwo(queue, athlete);
    const ids = new Set(poison.map((bad) => bad.message.id));
    const letters = await eventually(
      "a dead letter for each bad message",
      async () =>
        (await awaitDeadLetters(stack, { queue }, 0)).filter((l) => ids.has(l.message_id)),
      (seen) => seen.length === poison.length,
    );
    for (const { message: bad, reason } of poison) {
      const letter = letters.find(({ message_id }) => message_id === bad.id);
      expect(letter).toMatchObject({ queue, attempts: 1, status: "open" });
      expect(letter?.reason).toContain(reason);
      const body = typeof bad.body === "string" ? bad.body : JSON.stringify(bad.body);
      expect(letter?.body).toBe(body);
    }
  });
});

it("takes a message off its queue again until the database is back", async () => {
  const athlete = await Athlete.create(stack);
  const envelope = workoutCompleted(athlete.id, 2);
  await stack.without("volume_ledger", async () => {
    await stack.put("volume-aggregation", JSON.stringify(envelope));
    await eventually(
      "the first attempt has failed",
      () => stack.log.with({ event_id: envelope.id, attempt: 1, outcome: "transient" }),
      (lines) => lines.length > 0,
    );
  });
  const [done] = await eventually(
    "a later attempt succeeds",
    () => stack.log.with({ event_id: envelope.id, outcome: "done" }),
    (lines) => lines.length > 0,
  );
  expect(done?.attempt).toBeGreaterThan(1);
  const week = await athlete.aggregatedWeek(GOLDEN_DAY);
  expect(muscle(week, "chest").hard_sets).toBe(2);
});

describe("the same batch delivered twice", () => {
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
    expect(await stack.rows("volume_ledger", athlete.id)).toBe(2);
    expect(await stack.rows("daily_volume", athlete.id)).toBe(1);
    expect(await stack.rows("weekly_volume", athlete.id)).toBe(1);
  });

  it("counts the newest revision of a workout, in whatever order they come", async () => {
    const athlete = await Athlete.create(stack);
    const first = workoutCompleted(athlete.id, 5);
    const second = revised(first, 2, "VolumeUpdated", 3);
    const deleted = revised(first, 3, "WorkoutDeleted", 3);
    const deliver = (envelopes: Envelope[]) =>
      stack.deliver(
        "aggregation",
        "volume-aggregation",
        envelopes.map((e) => message(e)),
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

  it("finds a pattern once, and tells of it once", async () => {
    const athlete = await Athlete.create(stack);
    await stack.deliver("aggregation", "volume-aggregation", [
      message(workoutCompleted(athlete.id, 30)),
    ]);
    const batch = [
      message(event("AggregationUpdated", athlete.id)),
      message(event("VolumeThresholdReached", athlete.id)),
    ];
    expectAcked(await stack.deliver("ai", "ai-analysis", batch), batch);
    expectAcked(await stack.deliver("ai", "ai-analysis", batch), batch);
    expect(await stack.rows("patterns", athlete.id)).toBe(1);

    // Until the events that aggregation sent by itself are through too.
    await eventually(
      "ai has handled aggregation's own events",
      () => stack.log.with({ worker: "ai", message: "event", athlete_id: athlete.id }),
      (lines) => lines.length >= 6,
    );
    await allNewsBeforeIsThrough();
    expect(await stack.rows("patterns", athlete.id)).toBe(1);
    expect((await athlete.notifications()).items).toHaveLength(1);
    expect(athlete.mails).toHaveLength(1);
  });

  it("puts one row into the inbox and sends one mail for each event", async () => {
    const athlete = await Athlete.create(stack);
    const batch = [
      message(patternDetected(athlete.id)),
      message(event("NotificationRequested", athlete.id)),
    ];
    const deliver = (messages: Message[]) =>
      stack.deliver("webhook", "webhook-notification", messages);
    expectAcked(await deliver(batch), batch);
    expectAcked(await deliver(batch), batch);
    expectAcked(await deliver(batch.map((again) => ({ ...again, attempts: 2 }))), batch);
    expectAcked(await deliver([...batch, ...batch]), batch);

    await allNewsBeforeIsThrough();
    const { items, unread } = await athlete.notifications();
    expect(items.map(({ kind }) => kind).sort()).toEqual(["volume_above_mrv", "weekly_report"]);
    expect(unread).toBe(2);
    expect(athlete.mails).toHaveLength(2);
  });
});

interface Bad {
  message: Message;
  reason: string;
}

function badMessages(queue: string, athleteId: string): Bad[] {
  const good = goodEvent(queue, athleteId);
  const bad = (body: unknown, reason: string): Bad => ({ message: message(body), reason });
  return [
    bad("garbage {", "not a CloudEvents 1.0 envelope"),
    bad("", "not a CloudEvents 1.0 envelope"),
    bad({ hello: "world" }, "not a CloudEvents 1.0 envelope"),
    bad(strayEvent(queue, athleteId), `is not routed to ${queue}`),
    bad(
      { ...good, id: randomUUID(), type: "bulktrack.MoonLanded.v1" },
      "unknown event type bulktrack.MoonLanded.v1",
    ),
    bad({ ...good, id: randomUUID(), data: { wrong: true } }, "an invalid payload"),
    bad({ ...good, id: randomUUID(), specversion: "0.3" }, "CloudEvents 0.3, not 1.0"),
  ];
}

/** What decodes and still breaks a rule of the one who consumes it. */
function badFor(consumer: Consumer): Bad[] {
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
          reason: 'no news of the kind "horoscope"',
        },
      ];
  }
}

/** Both good events of a batch had their effect. */
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
        () => stack.log.with({ worker: "ai", athlete_id: athlete.id, outcome: "done" }),
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

/** The same workout, changed. */
function revised(
  { data, ...envelope }: Envelope,
  revision: number,
  type: "VolumeUpdated" | "WorkoutDeleted",
  hardSets: number,
): Envelope {
  const { workout } = data;
  const other = workoutCompleted(envelope.partitionkey, hardSets).data.workout;
  if (!workout || !other) {
    throw new Error("an event about a workout was expected");
  }
  return {
    ...envelope,
    id: randomUUID(),
    type: `bulktrack.${type}.v1`,
    data: { workout: { ...workout, revision, exercises: other.exercises } },
  };
}

/**
 * Puts news of somebody else on the queue of webhook and waits for the mail: the local queue keeps
 * its order and mails are logged as they are sent, so all that was under way before is through.
 */
async function allNewsBeforeIsThrough(): Promise<void> {
  const marker = await Athlete.create(stack);
  await stack.put("webhook-notification", JSON.stringify(patternDetected(marker.id)));
  await eventually(
    "the marker's mail",
    () => marker.mails,
    (mails) => mails.length === 1,
  );
}
