import { afterAll, beforeAll, expect, it } from "vitest";
import type { Athlete } from "./support/athlete";
import { type Envelope, event } from "./support/events";
import type { Import } from "./support/imports";
import { startMeasured, WASM_BYTES_MAX, wasmBytes } from "./support/memory";
import type { Stack } from "./support/stack";

const MINUTES = 60_000;
/** Of each athlete; with a small one of each a batch has 100. */
const LARGE_SLICES = 24;

let stack: Stack;
let athletes: Athlete[];

beforeAll(async () => {
  ({ stack, athletes } = await startMeasured());
});

afterAll(() => stack?.stop());

it("a batch of large import slices stays under 48 MB", {
  timeout: 5 * MINUTES,
}, async () => {
  const large = await Promise.all(athletes.map(largeSlices));
  const neighbours = await Promise.all(athletes.map((athlete) => slices(athlete, exported(1, 1))));
  const keys = [...large.flat(), ...neighbours.flat()];
  expect(keys.length).toBe(100);
  const messages = keys.map((key, index) => ({
    id: `m${index}`,
    attempts: 1,
    body: JSON.stringify(sliceEvent(key)),
  }));
  const [largest] = await stack.query<{ bytes: number }>(
    "SELECT max(octet_length(workouts)) AS bytes FROM import_slices",
  );
  expect(largest?.bytes).toBeGreaterThan(450_000);

  const decisions = await stack.deliver("aggregation", "volume-aggregation", messages);

  expect(decisions.retryMessages).toEqual([]);
  for (const { importId, athlete } of neighbours.flat()) {
    expect(await athlete.get<Import>(`/v1/imports/${importId}`)).toMatchObject({
      status: "completed",
      imported: 1,
    });
  }
  expect(wasmBytes(stack, "aggregation", "100 slices of 500 KB")).toBeLessThan(WASM_BYTES_MAX);
});

interface SliceKey {
  athlete: Athlete;
  importId: string;
  slice: number;
}

/** Stores imports of an athlete with slices of 500 KB. */
async function largeSlices(athlete: Athlete): Promise<SliceKey[]> {
  const keys: SliceKey[] = [];
  for (let year = 1; keys.length < LARGE_SLICES; year += 1) {
    keys.push(...(await slices(athlete, exported(230, 60, year, "💪".repeat(2_000)))));
  }
  return keys.slice(0, LARGE_SLICES);
}

/** Stores an import whose events no queue accepts; returns its slices of the smallest and of the largest size. */
async function slices(athlete: Athlete, text: string): Promise<SliceKey[]> {
  const response = await stack.requestWithoutQueues("POST", "/v1/imports", {
    token: athlete.key,
    text,
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as Import;
  const rows = await stack.query<{ slice: number }>(
    "SELECT slice FROM import_slices WHERE import_id = ? \
     AND NOT octet_length(workouts) BETWEEN 1000 AND 450000 ORDER BY slice",
    id,
  );
  return rows.map(({ slice }) => ({ athlete, importId: id, slice }));
}

/** Returns an export of workouts of one year, one a day. */
function exported(workouts: number, sets: number, year = 0, notes = ""): string {
  const set = { kind: "working", weight_kg: 60, reps: 10 };
  return JSON.stringify({
    format: "bulktrack",
    version: 1,
    workouts: Array.from({ length: workouts }, (_, day) => {
      const at = new Date(Date.UTC(2010 + year, 0, 1 + day)).toISOString();
      const exercises = [
        { exercise: "pec-deck", notes, sets: Array.from({ length: sets }, () => set) },
      ];
      return { started_at: at, ended_at: at, notes, exercises };
    }),
  });
}

function sliceEvent({ athlete, importId, slice }: SliceKey): Envelope {
  return event("ImportSliceStored", athlete.id, { import_id: importId, slice });
}
