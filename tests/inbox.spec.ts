import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Athlete, type Inbox, type Notification } from "./support/athlete";
import { EventStream } from "./support/event-stream";
import { event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, Stack } from "./support/stack";

/** A list with the position from which a stream continues. */
interface List extends Inbox {
  last_id: string;
}

const PATH = "/v1/notifications/stream";

let stack: Stack;
let athlete: Athlete;
const open: EventStream<Notification>[] = [];

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

beforeEach(async () => {
  athlete = await Athlete.create(stack);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
});

describe("the stream of an inbox", () => {
  it("sends each notification as in the list", async () => {
    const stream = await openStream();
    await deliver(athlete, "Your week");
    await expectTitles(stream, ["Your week"]);
    const { items, last_id } = await list();
    expect(stream.events).toEqual([{ id: last_id, event: "notification", data: items[0] }]);
  });

  it("continues from the Last-Event-ID without gaps or duplicates", async () => {
    const first = await openStream();
    await deliver(athlete, "one");
    await expectTitles(first, ["one"]);
    await first.close();
    await deliver(athlete, "two");
    await deliver(athlete, "three");

    const second = await openStream({ lastEventId: first.lastEventId });
    await expectTitles(second, ["two", "three"]);
    await deliver(athlete, "four");
    await expectTitles(second, ["two", "three", "four"]);
  });

  it("starts at the last_id of a list or now", async () => {
    await deliver(athlete, "before the list");
    const { last_id } = await list();
    await deliver(athlete, "after the list");
    const fromList = await openStream({ path: `${PATH}?last_event_id=${last_id}` });
    const fromNow = await openStream();
    await expectTitles(fromList, ["after the list"]);
    await deliver(athlete, "now");
    await expectTitles(fromNow, ["now"]);
    await expectTitles(fromList, ["after the list", "now"]);
  });

  it("contains the notifications of its athlete only", async () => {
    const other = await Athlete.create(stack);
    const stream = await openStream();
    await deliver(other, "not yours");
    await deliver(athlete, "yours");
    await expectTitles(stream, ["yours"]);
  });

  it("ends when its key is revoked", async () => {
    const stream = await openStream();
    const keyId = athlete.key.slice("bt_".length + 32, athlete.key.lastIndexOf("_"));
    const path = `/v1/admin/athletes/${athlete.id}/keys/${keyId}`;
    const revoked = await stack.request("DELETE", path, { token: OPERATOR_TOKEN });
    expect(revoked.status).toBe(204);
    await eventually(
      "the end of the stream",
      () => stream.hasEnded,
      (ended) => ended,
    );
    expect((await athlete.request("GET", PATH)).status).toBe(401);
  });

  it("starts over after an unknown Last-Event-ID", async () => {
    for (const id of ["1", "-1", "one"]) {
      const response = await athlete.request("GET", PATH, { headers: { "last-event-id": id } });
      expect(response.status).toBe(200);
      const reader = response.body?.getReader();
      const head = new TextDecoder().decode((await reader?.read())?.value);
      expect(head).toContain('event: reset\ndata: {"last_id":"0"}\n');
      await reader?.cancel();
    }
  });
});

describe("an inbox", () => {
  it("is marked as read idempotently by its athlete only", async () => {
    await deliver(athlete, "one");
    await deliver(athlete, "two");
    await deliver(athlete, "three");
    const other = await Athlete.create(stack);
    const path = `/v1/notifications/${(await list()).items[0]?.id}/read`;
    expect((await other.request("POST", path)).status).toBe(404);
    expect((await other.request("POST", "/v1/notifications/read-all")).status).toBe(204);
    expect((await list()).unread).toBe(3);
    for (const [call, unread] of [
      [path, 2],
      [path, 2],
      ["/v1/notifications/read-all", 0],
      ["/v1/notifications/read-all", 0],
    ] as const) {
      expect((await athlete.request("POST", call)).status).toBe(204);
      expect((await list()).unread).toBe(unread);
    }
  });
});

function list(): Promise<List> {
  return athlete.get("/v1/notifications?limit=100");
}

/** Opens a stream of the athlete, and waits for its start. */
async function openStream(
  from: { lastEventId?: string; path?: string } = {},
): Promise<EventStream<Notification>> {
  const headers: Record<string, string> =
    from.lastEventId === undefined ? {} : { "last-event-id": from.lastEventId };
  const response = await athlete.request("GET", from.path ?? PATH, { headers });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const stream = EventStream.open<Notification>(response);
  open.push(stream);
  await eventually(
    "the stream starts",
    () => stream.lastEventId,
    (id) => id !== "",
  );
  return stream;
}

/** Waits for exactly these titles in this order. */
async function expectTitles(stream: EventStream<Notification>, titles: string[]): Promise<void> {
  const received = await eventually(
    "the events",
    () => stream.events.map(({ data }) => data.title),
    (all) => all.length >= titles.length,
  );
  expect(received).toEqual(titles);
}

/** Creates a notification in an inbox by the consumer of the queue. */
async function deliver(to: Athlete, title: string): Promise<void> {
  const batch = [message(event("NotificationRequested", to.id, { title }))];
  const { explicitAcks } = await stack.deliver("webhook", "webhook-notification", batch);
  expect(explicitAcks).toHaveLength(1);
}
