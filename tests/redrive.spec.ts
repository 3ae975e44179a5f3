import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import {
  awaitDeadLetters,
  type DeadLetterWithBody,
  listDeadLetters,
  readDeadLetter,
} from "./support/dead-letters";
import { event, message, workoutCompleted } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, Stack } from "./support/stack";

const PATH = "/v1/admin/dead-letters";
/** A letter is redriven so often before only force does it. */
const REDRIVES_MAX = 3;

interface Redriven {
  matched: number;
  redriven: number;
  held_back: number;
  unsendable: number;
}

interface History {
  at: string;
  what: string;
  operator?: string;
}

interface Whole extends DeadLetterWithBody {
  history: History[];
  edited_body: string | null;
}

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
  athlete = await Athlete.create(stack);
});

afterAll(() => stack?.stop());

async function act<T>(path: string, json: unknown, operator = "ann"): Promise<T> {
  const options = { token: OPERATOR_TOKEN, json, headers: { "x-operator": operator } };
  const response = await stack.request("POST", `${PATH}${path}`, options);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

const redrive = (json: unknown) => act<Redriven>("/redrive", json);

/** Lets a batch fail until it is given up, with the table that it needs away. */
async function giveUp(events: unknown[]): Promise<void> {
  const last = events.map((body) => message(body, 4));
  await stack.without("volume_ledger", () =>
    stack.deliver("aggregation", "volume-aggregation", last),
  );
}

async function whole(id: string): Promise<Whole> {
  return (await readDeadLetter(stack, id)) as Whole;
}

const volumes = () => stack.rows("volume_ledger", athlete.id);

describe("500 workouts that were given up while the database was broken", () => {
  const filter = { reason: "database: ", athlete_id: "" };

  beforeAll(async () => {
    filter.athlete_id = athlete.id;
    for (let batch = 0; batch < 10; batch += 1) {
      await giveUp(Array.from({ length: 50 }, () => workoutCompleted(athlete.id)));
    }
    await eventually(
      "500 dead letters",
      () => listDeadLetters(stack, { athlete_id: athlete.id }),
      ({ total }) => total === 500,
    );
  });

  it("are one group, and counted by a dry run that changes nothing", async () => {
    const groups = await stack.operatorGet<{ items: { count: number }[] }>(
      `${PATH}/groups?athlete_id=${athlete.id}`,
    );
    expect(groups.items.map(({ count }) => count)).toEqual([500]);
    const dry = await redrive({ filter, limit: 500, dry_run: true });
    expect(dry).toMatchObject({ matched: 500, redriven: 0, held_back: 0 });
    expect(await volumes()).toBe(0);
  });

  it("are redriven by two operators at once, and each is counted once", async () => {
    const both = await Promise.all([
      redrive({ filter, limit: 500, rate_per_s: 100 }),
      redrive({ filter, limit: 500, rate_per_s: 100 }),
    ]);
    expect(both.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(500);
    await eventually("500 in the ledger", volumes, (rows) => rows === 500, 60_000);
    const { total } = await listDeadLetters(stack, { status: "redriven", athlete_id: athlete.id });
    expect(total).toBe(500);
  });

  it("change nothing when they are redriven once more", async () => {
    expect(await redrive({ filter })).toMatchObject({ matched: 0, redriven: 0 });
    const before = await athlete.get(`/v1/volume/weekly?from=2026-11-16&to=2026-11-16`);
    const { items } = await listDeadLetters(stack, { athlete_id: athlete.id });
    const ids = items.map(({ id }) => id);
    const forced = await redrive({ ids, force: true });
    expect(forced.redriven).toBe(ids.length);
    const marker = workoutCompleted((await Athlete.create(stack)).id);
    await stack.put("volume-aggregation", JSON.stringify(marker));
    await eventually(
      "what was sent after them",
      () => stack.log.with({ event_id: marker.id, outcome: "done" }),
      (lines) => lines.length > 0,
    );
    expect(await volumes()).toBe(500);
    expect(await athlete.get(`/v1/volume/weekly?from=2026-11-16&to=2026-11-16`)).toEqual(before);
  });
});

describe("an event that always fails", () => {
  it("comes back as the same letter, and after three redrives only by force", async () => {
    const stranger = randomUUID();
    await stack.deliver("webhook", "webhook-notification", [
      message(event("NotificationRequested", stranger)),
    ]);
    const [letter] = await awaitDeadLetters(stack, { athlete_id: stranger }, 1);
    const id = letter?.id ?? "";
    const filter = { athlete_id: stranger };
    for (let turn = 1; turn <= REDRIVES_MAX; turn += 1) {
      expect(await redrive({ filter })).toMatchObject({ matched: 1, redriven: 1 });
      await eventually(
        `open again after redrive ${turn}`,
        () => whole(id),
        ({ status, history }) => status === "open" && history.length === 1 + 2 * turn,
      );
    }
    expect(await redrive({ filter })).toMatchObject({ matched: 0, redriven: 0, held_back: 1 });
    expect(await redrive({ ids: [id], force: true })).toMatchObject({ redriven: 1 });
    const again = await eventually(
      "open again",
      () => whole(id),
      ({ status, redrives }) => status === "open" && redrives === REDRIVES_MAX + 1,
    );
    expect(again.history[1]).toMatchObject({ what: "redrive", operator: "ann" });
    expect((await listDeadLetters(stack, { athlete_id: stranger })).total).toBe(1);
  });
});

describe("a broken event", () => {
  it("goes as it was edited, and what came is kept", async () => {
    const other = await Athlete.create(stack);
    const good = workoutCompleted(other.id);
    const broken = JSON.stringify({ ...good, data: { workout: "none" } });
    await stack.put("volume-aggregation", broken);
    const [letter] = await awaitDeadLetters(stack, { athlete_id: other.id }, 1);
    const path = `${PATH}/${letter?.id}/redrive`;
    const stray = JSON.stringify(event("AggregationUpdated", other.id));
    for (const body of ["garbage", stray, JSON.stringify(workoutCompleted(other.id))]) {
      const refused = await stack.request("POST", path, { token: OPERATOR_TOKEN, json: { body } });
      expect(refused.status).toBe(422);
    }
    const body = JSON.stringify(good);
    await act(`/${letter?.id}/redrive`, { body, note: "the workout was missing" });
    await eventually(
      "the workout in the ledger",
      () => stack.rows("volume_ledger", other.id),
      (rows) => rows === 1,
    );
    expect(await whole(letter?.id ?? "")).toMatchObject({
      status: "redriven",
      body: broken,
      edited_body: body,
    });
  });
});

describe("garbage", () => {
  it("is discarded with a note, and who did it is on record", async () => {
    const text = `no event ${randomUUID()}`;
    await stack.put("ai-analysis", text);
    await awaitDeadLetters(stack, { q: text }, 1);
    const refused = await stack.request("POST", `${PATH}/discard`, {
      token: OPERATOR_TOKEN,
      json: { filter: { q: text } },
    });
    expect(refused.status).toBe(422);
    const order = { filter: { q: text }, note: "a drill" };
    expect(await act("/discard", order, "bob")).toMatchObject({ matched: 1, discarded: 1 });
    expect(await act("/discard", order, "bob")).toMatchObject({ matched: 0, discarded: 0 });
    const { items } = await listDeadLetters(stack, { q: text });
    expect(items).toMatchObject([{ status: "discarded", note: "a drill" }]);
    const actions = await stack.operatorGet<{ items: object[] }>("/v1/admin/actions?limit=2");
    expect(actions.items).toMatchObject([
      { operator: "bob", action: "discard", affected: 0 },
      { operator: "bob", action: "discard", affected: 1, note: "a drill", selection: { q: text } },
    ]);
  });
});

it("a queue that refuses costs no letter", async () => {
  const other = await Athlete.create(stack);
  await giveUp([workoutCompleted(other.id)]);
  await awaitDeadLetters(stack, { athlete_id: other.id }, 1);
  const order = { filter: { athlete_id: other.id } };
  const refused = await stack.requestWithoutQueues("POST", `${PATH}/redrive`, {
    token: OPERATOR_TOKEN,
    json: order,
  });
  expect(refused.status).toBe(503);
  expect((await listDeadLetters(stack, { athlete_id: other.id, status: "open" })).total).toBe(1);
  expect(await redrive(order)).toMatchObject({ matched: 1, redriven: 1 });
});

it("is for operators only", async () => {
  for (const path of [`${PATH}/redrive`, `${PATH}/discard`, `${PATH}/${randomUUID()}/redrive`]) {
    const status = async (token?: string) =>
      (await stack.request("POST", path, { token, json: {} })).status;
    expect(await status()).toBe(401);
    expect(await status(athlete.key)).toBe(403);
  }
  for (const path of [`${PATH}/groups`, "/v1/admin/actions", "/v1/admin/pipeline"]) {
    expect((await stack.request("GET", path, { token: athlete.key })).status).toBe(403);
  }
});
