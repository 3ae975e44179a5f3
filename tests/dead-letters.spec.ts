import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import {
  type DeadLetter,
  listDeadLetters,
  readDeadLetter,
  waitForDeadLetters,
} from "./support/dead-letters";
import { CONSUMERS, event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, Stack } from "./support/stack";

const LIST = "/v1/admin/dead-letters";
const MOVED_BY_PLATFORM = "moved by the platform after its last retry";

let stack: Stack;
let athlete: Athlete;

/** Too long for a message (128,000 bytes) that also has its reason. */
const tooLong = "garbage ".repeat(15_980);

beforeAll(async () => {
  stack = await Stack.start();
  athlete = await Athlete.create(stack);
});

afterAll(() => stack?.stop());

describe("garbage on a queue", () => {
  const garbage = `no event ${randomUUID()}`;

  it("is listed with its reason within 20 s", async () => {
    await stack.enqueue("volume-aggregation", garbage);
    const [deadLetter] = await waitForDeadLetters(stack, { queue: "volume-aggregation" }, 1);
    expect(deadLetter).toMatchObject({
      queue: "volume-aggregation",
      event_id: null,
      event_type: null,
      athlete_id: null,
      attempts: 1,
      status: "open",
    });
    expect(deadLetter?.reason).toContain("not a CloudEvents 1.0 envelope");
    expect(Date.parse(deadLetter?.failed_at ?? "")).toBeGreaterThan(Date.now() - 60_000);
  });

  it("can be read unchanged", async () => {
    const { items } = await listDeadLetters(stack);
    expect(items).toHaveLength(1);
    const deadLetter = await readDeadLetter(stack, items[0]?.id ?? "");
    expect(deadLetter).toMatchObject({ ...items[0], body: garbage });
  });

  it("is 404 for an unknown id", async () => {
    const path = `${LIST}/${randomUUID()}`;
    const response = await stack.request("GET", path, { token: OPERATOR_TOKEN });
    expect(response.status).toBe(404);
  });
});

describe("a message that the platform moved", () => {
  it.each(CONSUMERS)("from $queue becomes a dead letter", async ({ consumer, queue }) => {
    const envelope = event("NotificationRequested", athlete.id);
    const moved = message(envelope);
    const decisions = await stack.deliver(consumer, `${queue}-dlq`, [moved]);
    expect(decisions.explicitAcks).toEqual([moved.id]);
    const [deadLetter] = await waitForDeadLetters(stack, { queue, reason: MOVED_BY_PLATFORM }, 1);
    expect(deadLetter).toMatchObject({
      queue,
      message_id: moved.id,
      event_id: envelope.id,
      event_type: envelope.type,
      athlete_id: athlete.id,
      attempts: 4,
      body: JSON.stringify(envelope),
    });
  });

  it("is stored with any body", async () => {
    const before = (await listDeadLetters(stack)).total;
    const bodies = [
      "",
      "{}",
      "null",
      'a\u0000b \u{1f3cb} "c"',
      "[]",
      '{"queue":"volume-aggregation"}',
      { an: "object" },
    ];
    const messages = bodies.map((body) => message(body));
    const decisions = await stack.deliver("aggregation", "volume-aggregation-dlq", messages);
    expect([...decisions.explicitAcks].sort()).toEqual(messages.map(({ id }) => id).sort());
    const deadLetters = await waitForDeadLetters(
      stack,
      { queue: "volume-aggregation" },
      bodies.length,
    );
    for (const { id, body } of messages) {
      const stored = deadLetters.find(({ message_id }) => message_id === id)?.body;
      expect(stored).toBe(typeof body === "string" ? body : JSON.stringify(body));
    }
    expect((await listDeadLetters(stack)).total).toBe(before + bodies.length);
  });
});

it("the platform moves a message too long for its reason", async () => {
  const { total } = await listDeadLetters(stack, { queue: "webhook-notification" });
  await stack.enqueue("webhook-notification", tooLong);
  const deadLetters = await waitForDeadLetters(
    stack,
    { queue: "webhook-notification" },
    total + 1,
    45_000,
  );
  const deadLetter = deadLetters.find(({ body }) => body === tooLong);
  expect(deadLetter).toMatchObject({ attempts: 4 });
  expect(deadLetter?.reason).toContain(MOVED_BY_PLATFORM);
});

describe("a duplicate dead letter", () => {
  it("is stored once", async () => {
    const before = (await listDeadLetters(stack)).total;
    const moved = message(`moved ${randomUUID()}`);
    await stack.deliver("ai", "ai-analysis-dlq", [moved, moved]);
    await stack.deliver("ai", "ai-analysis-dlq", [moved]);
    expect((await listDeadLetters(stack)).total).toBe(before + 1);
  });

  it("of one event in two messages is stored once", async () => {
    const envelope = event("NotificationRequested", athlete.id);
    const misrouted = message(envelope);
    await stack.deliver("ai", "ai-analysis", [misrouted]);
    const reason = "NotificationRequested is not routed to ai-analysis";
    const [deadLetter] = await waitForDeadLetters(stack, { reason }, 1);
    expect(deadLetter).toMatchObject({ message_id: misrouted.id, event_id: envelope.id });
    await stack.deliver("ai", "ai-analysis-dlq", [message(envelope)]);
    const { items } = await listDeadLetters(stack, { queue: "ai-analysis" });
    expect(items.filter(({ event_id }) => event_id === envelope.id)).toHaveLength(1);
  });
});

describe("with the database unavailable", () => {
  it.each([
    { attempt: 1, delaySeconds: 1 },
    { attempt: 4, delaySeconds: 8 },
    { attempt: 20, delaySeconds: 14_400 },
  ])(
    "a dead letter is retried $delaySeconds s after attempt $attempt",
    async ({ attempt, delaySeconds }) => {
      const waiting = message("moved", attempt);
      const decisions = await stack.withoutTable("dead_letters", () =>
        stack.deliver("webhook", "webhook-notification-dlq", [waiting]),
      );
      expect(decisions.explicitAcks).toEqual([]);
      expect(decisions.retryMessages).toEqual([{ msgId: waiting.id, delaySeconds }]);
    },
  );
});

describe("the list", () => {
  const check = async (
    filter: Record<string, string>,
    isMatch: (deadLetter: DeadLetter) => boolean,
  ) => {
    const all = (await listDeadLetters(stack)).items;
    const { items, total } = await listDeadLetters(stack, filter);
    const expected = all.filter(isMatch);
    expect(items).toEqual(expected);
    expect(total).toBe(expected.length);
    return items;
  };

  it("is filtered by queue", async () => {
    const items = await check({ queue: "ai-analysis" }, ({ queue }) => queue === "ai-analysis");
    expect(items.length).toBeGreaterThan(0);
    expect(await check({ queue: "no-such-queue" }, () => false)).toEqual([]);
  });

  it("is filtered by part of the reason", async () => {
    const part = "is not routed to";
    const items = await check({ reason: part }, ({ reason }) => reason.includes(part));
    expect(items.length).toBeGreaterThan(0);
  });

  it("is filtered by event type", async () => {
    const type = "bulktrack.NotificationRequested.v1";
    const items = await check({ type }, ({ event_type }) => event_type === type);
    expect(items.length).toBeGreaterThan(0);
  });

  it("is filtered by status", async () => {
    const open = await check({ status: "open" }, ({ status }) => status === "open");
    expect(open.length).toBeGreaterThan(0);
    await check({ status: "discarded" }, () => false);
    const unknown = await stack.request("GET", `${LIST}?status=lost`, { token: OPERATOR_TOKEN });
    expect(unknown.status).toBe(400);
  });

  it("is filtered by several fields together", async () => {
    const filter = { queue: "ai-analysis", reason: MOVED_BY_PLATFORM, status: "waiting" };
    const items = await check(
      filter,
      ({ queue, reason, status }) =>
        queue === "ai-analysis" && reason.startsWith(MOVED_BY_PLATFORM) && status === "waiting",
    );
    expect(items.length).toBeGreaterThan(0);
  });

  it("has pages, newest first, each dead letter once", async () => {
    const { items: all, total } = await listDeadLetters(stack);
    const paged: DeadLetter[] = [];
    let cursor: string | null = null;
    do {
      const page = await listDeadLetters(stack, { limit: "2", ...(cursor ? { cursor } : {}) });
      expect(page.total).toBe(total);
      expect(page.items.length).toBeLessThanOrEqual(2);
      paged.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    expect(paged).toEqual(all);
    const times = paged.map(({ failed_at }) => Date.parse(failed_at));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it("is for operators only", async () => {
    const status = async (token?: string) => (await stack.request("GET", LIST, { token })).status;
    expect(await status()).toBe(401);
    expect(await status("not the operator")).toBe(401);
    expect(await status(athlete.key)).toBe(403);
    const path = "/v1/admin/queues/volume-aggregation/messages";
    const sent = await stack.request("POST", path, { token: athlete.key, text: "x" });
    expect(sent.status).toBe(403);
  });
});

it("an operator cannot send to an unknown queue", async () => {
  const path = "/v1/admin/queues/volume-aggregation-dlq/messages";
  const response = await stack.request("POST", path, { token: OPERATOR_TOKEN, text: "x" });
  expect(response.status).toBe(404);
});

it("one line is logged for each stored dead letter", async () => {
  const text = `logged ${randomUUID()}`;
  const moved = message(text);
  await stack.deliver("aggregation", "volume-aggregation-dlq", [moved]);
  const [deadLetter] = (await waitForDeadLetters(stack, { queue: "volume-aggregation" }, 1)).filter(
    ({ body }) => body === text,
  );
  const lines = await eventually(
    "a line",
    () => stack.log.linesWith({ message: "dead letter", dead_letter_id: deadLetter?.id }),
    (seen) => seen.length > 0,
  );
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ worker: "aggregation", outcome: "stored" });
  expect(stack.log.texts.join("\n")).not.toContain(text);
});
