import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import {
  type DeadLetterWithBody,
  listDeadLetters,
  readDeadLetter,
  waitForDeadLetters,
} from "./support/dead-letters";
import { event, message, workoutCompleted } from "./support/events";
import { eventually } from "./support/eventually";
import { OPERATOR_TOKEN, Stack } from "./support/stack";

const PATH = "/v1/admin/dead-letters";
/** The number of redrives of a dead letter without `force`. */
const REDRIVES_MAX = 3;

interface Redriven {
  matched: number;
  redriven: number;
  held_back: number;
  unsendable: number;
}

interface HistoryEntry {
  at: string;
  what: string;
  operator?: string;
}

interface DeadLetterWithHistory extends DeadLetterWithBody {
  history: HistoryEntry[];
  edited_body: string | null;
}

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
  athlete = await Athlete.create(stack);
});

afterAll(() => stack?.stop());

async function postAction<T>(path: string, json: unknown, operator = "ann"): Promise<T> {
  const options = { token: OPERATOR_TOKEN, json, headers: { "x-operator": operator } };
  const response = await stack.request("POST", `${PATH}${path}`, options);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

const redrive = (json: unknown) => postAction<Redriven>("/redrive", json);

/** Lets the last attempt of each event fail, because a table is missing. */
async function exhaustRetries(events: unknown[]): Promise<void> {
  const last = events.map((body) => message(body, 4));
  await stack.withoutTable("volume_ledger", () =>
    stack.deliver("aggregation", "volume-aggregation", last),
  );
}

async function readWithHistory(id: string): Promise<DeadLetterWithHistory> {
  return (await readDeadLetter(stack, id)) as DeadLetterWithHistory;
}

const ledgerRows = () => stack.countRows("volume_ledger", athlete.id);

describe("500 workouts dead-lettered by a database failure", () => {
  const filter = { reason: "database: ", athlete_id: "" };

  beforeAll(async () => {
    filter.athlete_id = athlete.id;
    for (let batch = 0; batch < 10; batch += 1) {
      await exhaustRetries(Array.from({ length: 50 }, () => workoutCompleted(athlete.id)));
    }
    await eventually(
      "500 dead letters",
      () => listDeadLetters(stack, { athlete_id: athlete.id }),
      ({ total }) => total === 500,
    );
  });

  it("are one group; a dry run counts them", async () => {
    const groups = await stack.operatorGet<{ items: { count: number }[] }>(
      `${PATH}/groups?status=waiting&athlete_id=${athlete.id}`,
    );
    expect(groups.items.map(({ count }) => count)).toEqual([500]);
    const dry = await redrive({ filter, limit: 500, dry_run: true });
    expect(dry).toMatchObject({ matched: 500, redriven: 0, held_back: 0 });
    expect(await ledgerRows()).toBe(0);
  });

  it("are redriven once by two operators at once", async () => {
    const both = await Promise.all([
      redrive({ filter, limit: 500, rate_per_s: 100 }),
      redrive({ filter, limit: 500, rate_per_s: 100 }),
    ]);
    expect(both.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(500);
    await eventually("500 in the ledger", ledgerRows, (rows) => rows === 500, 60_000);
    const { total } = await listDeadLetters(stack, { status: "redriven", athlete_id: athlete.id });
    expect(total).toBe(500);
  });

  it("change nothing when they are redriven twice", async () => {
    expect(await redrive({ filter })).toMatchObject({ matched: 0, redriven: 0 });
    const before = await athlete.get(`/v1/volume/weekly?from=2026-11-16&to=2026-11-16`);
    const { items } = await listDeadLetters(stack, { athlete_id: athlete.id });
    const ids = items.map(({ id }) => id);
    const forced = await redrive({ ids, force: true });
    expect(forced.redriven).toBe(ids.length);
    const marker = workoutCompleted((await Athlete.create(stack)).id);
    await stack.enqueue("volume-aggregation", JSON.stringify(marker));
    await eventually(
      "the event sent after them",
      () => stack.log.linesWith({ event_id: marker.id, outcome: "done" }),
      (lines) => lines.length > 0,
    );
    expect(await ledgerRows()).toBe(500);
    expect(await athlete.get(`/v1/volume/weekly?from=2026-11-16&to=2026-11-16`)).toEqual(before);
  });
});

describe("an event that always fails", () => {
  it("is redriven three times, then by force only", async () => {
    const stranger = randomUUID();
    await stack.deliver("webhook", "webhook-notification", [
      message(event("NotificationRequested", stranger)),
    ]);
    const [deadLetter] = await waitForDeadLetters(stack, { athlete_id: stranger }, 1);
    const id = deadLetter?.id ?? "";
    const filter = { athlete_id: stranger };
    for (let turn = 1; turn <= REDRIVES_MAX; turn += 1) {
      expect(await redrive({ filter })).toMatchObject({ matched: 1, redriven: 1 });
      await eventually(
        `open again after redrive ${turn}`,
        () => readWithHistory(id),
        ({ status, history }) => status === "open" && history.length === 1 + 2 * turn,
      );
    }
    expect(await redrive({ filter })).toMatchObject({ matched: 0, redriven: 0, held_back: 1 });
    expect(await redrive({ ids: [id], force: true })).toMatchObject({ redriven: 1 });
    const reopened = await eventually(
      "open after the forced redrive",
      () => readWithHistory(id),
      ({ status, redrives }) => status === "open" && redrives === REDRIVES_MAX + 1,
    );
    expect(reopened.history[1]).toMatchObject({ what: "redrive", operator: "ann" });
    expect((await listDeadLetters(stack, { athlete_id: stranger })).total).toBe(1);
  });
});

describe("an invalid event", () => {
  it("is redriven as edited; its original body is stored", async () => {
    const other = await Athlete.create(stack);
    const valid = workoutCompleted(other.id);
    const invalid = JSON.stringify({ ...valid, data: { workout: "none" } });
    await stack.enqueue("volume-aggregation", invalid);
    const [deadLetter] = await waitForDeadLetters(stack, { athlete_id: other.id }, 1);
    const path = `${PATH}/${deadLetter?.id}/redrive`;
    const misrouted = JSON.stringify(event("AggregationUpdated", other.id));
    for (const body of ["garbage", misrouted, JSON.stringify(workoutCompleted(other.id))]) {
      const rejected = await stack.request("POST", path, { token: OPERATOR_TOKEN, json: { body } });
      expect(rejected.status).toBe(422);
    }
    const body = JSON.stringify(valid);
    await postAction(`/${deadLetter?.id}/redrive`, { body, note: "the workout was missing" });
    await eventually(
      "the workout in the ledger",
      () => stack.countRows("volume_ledger", other.id),
      (rows) => rows === 1,
    );
    expect(await readWithHistory(deadLetter?.id ?? "")).toMatchObject({
      status: "redriven",
      body: invalid,
      edited_body: body,
    });
  });
});

describe("garbage", () => {
  it("is discarded with a note and its operator", async () => {
    const text = `no event ${randomUUID()}`;
    await stack.enqueue("ai-analysis", text);
    await waitForDeadLetters(stack, { q: text }, 1);
    const rejected = await stack.request("POST", `${PATH}/discard`, {
      token: OPERATOR_TOKEN,
      json: { filter: { q: text } },
    });
    expect(rejected.status).toBe(422);
    const request = { filter: { q: text }, note: "a drill" };
    expect(await postAction("/discard", request, "bob")).toMatchObject({
      matched: 1,
      discarded: 1,
    });
    expect(await postAction("/discard", request, "bob")).toMatchObject({
      matched: 0,
      discarded: 0,
    });
    const { items } = await listDeadLetters(stack, { q: text });
    expect(items).toMatchObject([{ status: "discarded", note: "a drill" }]);
    const actions = await stack.operatorGet<{ items: object[] }>("/v1/admin/actions?limit=2");
    expect(actions.items).toMatchObject([
      { operator: "bob", action: "discard", affected: 0 },
      { operator: "bob", action: "discard", affected: 1, note: "a drill", selection: { q: text } },
    ]);
  });
});

it("an unavailable queue loses no dead letter", async () => {
  const other = await Athlete.create(stack);
  await exhaustRetries([workoutCompleted(other.id)]);
  await waitForDeadLetters(stack, { athlete_id: other.id }, 1);
  const request = { filter: { athlete_id: other.id } };
  const rejected = await stack.requestWithoutQueues("POST", `${PATH}/redrive`, {
    token: OPERATOR_TOKEN,
    json: request,
  });
  expect(rejected.status).toBe(503);
  expect((await listDeadLetters(stack, { athlete_id: other.id, status: "waiting" })).total).toBe(1);
  expect(await redrive(request)).toMatchObject({ matched: 1, redriven: 1 });
});

it("redrives are for operators only", async () => {
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
