import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, startedAt, type Workout, workout } from "./support/athlete";
import { type Envelope, event } from "./support/events";
import type { Import } from "./support/imports";
import { Stack } from "./support/stack";

/** A third of the memory of an isolate, which the JavaScript heap shares; a project default. */
const WASM_BYTES_MAX = 48 * 1024 * 1024;
const MINUTES = 60_000;
const DAY_MS = 86_400_000;

let stack: Stack;
/** One in each database. */
const athletes: Athlete[] = [];

beforeAll(async () => {
  stack = await Stack.start({ measuresMemory: true });
  while (athletes.filter(Boolean).length < 4) {
    const athlete = await Athlete.create(stack);
    athletes[stack.databaseOf(athlete.id)] = athlete;
  }
});

afterAll(() => stack?.stop());

/** Returns the most memory that a worker has had; wasm memory never shrinks. */
function wasmBytes(worker: string): number {
  const lines = stack.log.linesWith({ message: "memory", worker });
  return Math.max(...lines.map(({ bytes }) => Number(bytes)));
}

function print(what: string, bytes: number) {
  console.info(`${what}: ${(bytes / 1024 / 1024).toFixed(1)} MB of wasm memory`);
}

describe("100 import slices of 500 KB in one batch", () => {
  it("need at most 48 MB, and their neighbours are counted", { timeout: 5 * MINUTES }, async () => {
    const large = await Promise.all(athletes.map(largeSlices));
    const neighbours = await Promise.all(
      athletes.map((athlete) => slices(athlete, exported(1, 1))),
    );
    const keys = [...large.flat().slice(0, 100), ...neighbours.flat()];
    expect(keys.length).toBe(104);
    const messages = keys.map((data, index) => ({
      id: `m${index}`,
      attempts: 1,
      body: JSON.stringify(sliceEvent(data)),
    }));
    const [first] = await stack.query<{ bytes: number }>(
      "SELECT max(octet_length(workouts)) AS bytes FROM import_slices",
    );
    expect(first?.bytes).toBeGreaterThan(450_000);

    const decisions = await stack.deliver("aggregation", "volume-aggregation", messages);

    expect(decisions.retryMessages).toEqual([]);
    for (const { import_id, athlete } of neighbours.flat()) {
      expect(await athlete.get<Import>(`/v1/imports/${import_id}`)).toMatchObject({
        status: "completed",
        imported: 1,
      });
    }
    const bytes = wasmBytes("aggregation");
    print("100 slices of 500 KB", bytes);
    expect(bytes).toBeLessThan(WASM_BYTES_MAX);
  });
});

describe("a sweep over 200 open workouts of 250 KB", () => {
  it("needs at most 48 MB, and resends other workouts", { timeout: 5 * MINUTES }, async () => {
    // The memory of the api that posted the workouts is another isolate's.
    const notes = "💪".repeat(2_000);
    const sets = [{ kind: "working", weight_kg: 60, reps: 10 }];
    const json = {
      started_at: startedAt(2),
      exercises: Array.from({ length: 31 }, () => ({ exercise: "pec-deck", notes, sets })),
    };
    for (let n = 0; n < 200; n += 4) {
      await Promise.all(athletes.map((athlete) => post(athlete, json)));
    }
    await stack.query("UPDATE workouts SET changed_at_ms = changed_at_ms - ?", 2 * DAY_MS);
    await stack.query("UPDATE workouts SET due_at_ms = 0, aggregated_revision = revision");
    const small = await Promise.all(
      athletes.map((athlete) => post(athlete, workout({ "pec-deck": 2 }, startedAt()))),
    );
    for (const { id } of small) {
      await stack.query("UPDATE workouts SET due_at_ms = 1 WHERE workout_id = ?", id);
    }

    await stack.runCron();
    const resent = await stack.query("SELECT 1 FROM workouts WHERE resends = 1 AND due_at_ms > 1");
    expect(resent.length).toBeGreaterThanOrEqual(small.length);
    for (let sweeps = 1; sweeps < 10; sweeps += 1) {
      await stack.runCron();
    }

    const open = await stack.query("SELECT 1 FROM workouts WHERE status = 'in_progress'");
    expect(open).toEqual([]);
    const bytes = wasmBytes("api");
    print("200 open workouts of 250 KB", bytes);
    expect(bytes).toBeLessThan(WASM_BYTES_MAX);
  });
});

interface SliceKey {
  athlete: Athlete;
  import_id: string;
  slice: number;
}

/** Stores imports of an athlete that are 25 slices of 500 KB. */
async function largeSlices(athlete: Athlete): Promise<SliceKey[]> {
  const keys: SliceKey[] = [];
  for (let part = 0; keys.length < 25; part += 1) {
    keys.push(...(await slices(athlete, exported(230, 400, part + 1))));
  }
  return keys.slice(0, 25);
}

/** Stores an import, whose events no queue accepts. */
async function slices(athlete: Athlete, text: string): Promise<SliceKey[]> {
  const response = await stack.requestWithoutQueues("POST", "/v1/imports", {
    token: athlete.key,
    text,
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as Import;
  const rows = await stack.query<{ slice: number }>(
    "SELECT slice FROM import_slices WHERE import_id = ? AND octet_length(workouts) < 1000 OR " +
      "import_id = ? AND octet_length(workouts) > 450000 ORDER BY slice",
    id,
    id,
  );
  return rows.map(({ slice }) => ({ athlete, import_id: id, slice }));
}

/** Returns an export of workouts of earlier years, one a day. */
function exported(workouts: number, sets: number, year = 0): string {
  const set = { kind: "working", weight_kg: 60, reps: 10 };
  return JSON.stringify({
    format: "bulktrack",
    version: 1,
    workouts: Array.from({ length: workouts }, (_, day) => {
      const at = new Date(Date.UTC(2010 + year, 0, 1 + day)).toISOString();
      const exercises = [{ exercise: "pec-deck", sets: Array.from({ length: sets }, () => set) }];
      return { started_at: at, ended_at: at, exercises };
    }),
  });
}

function sliceEvent({ athlete, import_id, slice }: SliceKey): Envelope {
  return event("ImportSliceStored", athlete.id, { import_id, slice });
}

async function post(athlete: Athlete, json: unknown): Promise<Workout> {
  const options = { token: athlete.key, json };
  const response = await stack.requestWithoutQueues("POST", "/v1/workouts", options);
  expect(response.status).toBe(201);
  return (await response.json()) as Workout;
}
