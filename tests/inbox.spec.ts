import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Athlete, type Inbox, type Notification } from "./support/athlete";
import { EventStream } from "./support/event-stream";
import { event, message } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, Stack } from "./support/stack";

/** A list, and where a stream goes on from it. */
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
  it("brings an event as it comes, as the list shows it", async () => {
    const stream = await streamed();
    await deliver(athlete, "Your week");
    await come(stream, ["Your week"]);
    const { items, last_id } = await list();
    expect(stream.events).toEqual([{ id: last_id, event: "notification", data: items[0] }]);
  });

  it("goes on from the Last-Event-ID with what came meanwhile, and tells nothing twice", async () => {
    const first = await streamed();
    await deliver(athlete, "one");
    await come(first, ["one"]);
    await first.close();
    await deliver(athlete, "two");
    await deliver(athlete, "three");

    const second = await streamed({ lastEventId: first.lastEventId });
    await come(second, ["two", "three"]);
    await deliver(athlete, "four");
    await come(second, ["two", "three", "four"]);
  });

  it("goes on from the last_id of a list, and without one from now", async () => {
    await deliver(athlete, "before the list");
    const { last_id } = await list();
    await deliver(athlete, "after the list");
    const fromList = await streamed({ path: `${PATH}?last_event_id=${last_id}` });
    const fromNow = await streamed();
    await come(fromList, ["after the list"]);
    await deliver(athlete, "now");
    await come(fromNow, ["now"]);
    await come(fromList, ["after the list", "now"]);
  });

  it("is one's own", async () => {
    const other = await Athlete.create(stack);
    const stream = await streamed();
    await deliver(other, "not yours");
    await deliver(athlete, "yours");
    await come(stream, ["yours"]);
  });

  it("ends when its key is revoked", async () => {
    const stream = await streamed();
    const keyId = athlete.key.slice("bt_".length + 32, athlete.key.lastIndexOf("_"));
    const path = `/v1/admin/athletes/${athlete.id}/keys/${keyId}`;
    const revoked = await stack.request("DELETE", path, { token: OPERATOR_TOKEN });
    expect(revoked.status).toBe(204);
    await eventually(
      "the end of the stream",
      () => stream.ended,
      (ended) => ended,
    );
    expect((await athlete.request("GET", PATH)).status).toBe(401);
  });

  it("refuses a place that nobody gave", async () => {
    for (const id of ["1", "-1", "one"]) {
      const refused = await athlete.request("GET", PATH, { headers: { "last-event-id": id } });
      expect(refused.status).toBe(400);
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
    }
  });
});

describe("a row of an inbox", () => {
  it("is read by its athlete, alone or with all, as often as one likes", async () => {
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

/** A stream of the athlete, once it has said where it begins. */
async function streamed(
  from: { lastEventId?: string; path?: string } = {},
): Promise<EventStream<Notification>> {
  const headers: Record<string, string> =
    from.lastEventId === undefined ? {} : { "last-event-id": from.lastEventId };
  const response = await athlete.request("GET", from.path ?? PATH, { headers });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const stream = EventStream.of<Notification>(response);
  open.push(stream);
  await eventually(
    "the stream begins",
    () => stream.lastEventId,
    (id) => id !== "",
  );
  return stream;
}

/** Waits until these titles, and no others, have come in this order. */
async function come(stream: EventStream<Notification>, titles: string[]): Promise<void> {
  const seen = await eventually(
    "the events",
    () => stream.events.map(({ data }) => data.title),
    (seen) => seen.length >= titles.length,
  );
  expect(seen).toEqual(titles);
}

/** Puts a notice of now into an inbox, as the consumer of the queue does. */
async function deliver(to: Athlete, title: string): Promise<void> {
  const notice = { ...event("NotificationRequested", to.id, { title }) };
  notice.time = new Date().toISOString();
  const { explicitAcks } = await stack.deliver("webhook", "webhook-notification", [
    message(notice),
  ]);
  expect(explicitAcks).toHaveLength(1);
}
