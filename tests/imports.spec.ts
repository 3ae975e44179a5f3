import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, type Week, type WeeklyVolume } from "./support/athlete";
import { eventually } from "./support/eventually";
import { csv, type HevyRow, trainingLog } from "./support/hevy";
import { importFile, waitForImport } from "./support/imports";
import { Stack } from "./support/stack";

const WORKOUTS = 600;
const DAYS = 1_095;
const DAY_MS = 86_400_000;

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
  athlete = await Athlete.create(stack);
});

afterAll(() => stack?.stop());

describe("three years of training, imported as Hevy exports them", () => {
  const rows = trainingLog(WORKOUTS, DAYS);
  const file = csv(rows);
  let weeks: Week[];

  it("are all stored within 60 s", async () => {
    const done = await importFile(athlete, file, "?time_zone=Europe/Berlin");
    expect(done).toMatchObject({ status: "completed", imported: WORKOUTS, duplicates: 0 });
    expect(done.errors).toEqual([]);
  });

  it("have the weekly totals of the file", async () => {
    const volume = await history(athlete);
    expect(volume.pending).toBe(0);
    weeks = volume.weeks;
    const totals = weeks.map(({ week_start, workouts, sets, hard_sets, tonnage_kg }) => ({
      week_start,
      workouts,
      sets,
      hard_sets,
      tonnage_kg,
    }));
    expect(totals.filter(({ workouts }) => workouts > 0)).toEqual(totalsOf(rows));
  });

  it("cause a single notification", async () => {
    const { items } = await eventually(
      "a notification",
      () => athlete.notifications(),
      (inbox) => inbox.items.length > 0,
    );
    expect(items).toHaveLength(1);
    expect(items[0]?.body).toContain(String(WORKOUTS));
    expect(athlete.emails).toEqual([]);
  });

  it("are unchanged by a second import of the file", async () => {
    const done = await importFile(athlete, file, "?time_zone=Europe/Berlin");
    expect(done).toMatchObject({ status: "completed", imported: 0, duplicates: WORKOUTS });
    expect((await history(athlete)).weeks).toEqual(weeks);
    expect(await stack.countRows("workouts", athlete.id)).toBe(WORKOUTS);
  });

  it.each([
    { format: "csv", type: "text/csv", query: "?time_zone=Europe/Berlin" },
    { format: "json", type: "application/json", query: "" },
  ])("have the same volume and records after a $format export", async (how) => {
    const exported = await athlete.request("GET", `/v1/export?format=${how.format}`);
    const other = await Athlete.create(stack);
    const done = await importFile(other, await exported.text(), how.query, how.type);
    expect(done).toMatchObject({ status: "completed", imported: WORKOUTS });
    expect(await history(other)).toEqual({ weeks, pending: 0 });
    expect(await records(other)).toEqual(await records(athlete));
  });
});

describe("an import with an unknown exercise name", () => {
  it("waits for a mapping of the name", async () => {
    const other = await Athlete.create(stack);
    const [known, unknown] = [trainingLog(2, 2).slice(0, 20), trainingLog(2, 2).slice(20)];
    const renamed = unknown.map((row) => ({ ...row, exercise: "Barbel Bench Pres" }));
    const waiting = await importFile(other, csv([...known, ...renamed]));
    expect(waiting).toMatchObject({ status: "needs_mapping", imported: 1 });
    expect(waiting.unmatched).toMatchObject([{ name: "Barbel Bench Pres", workouts: 1 }]);
    expect(waiting.unmatched[0]?.proposals).toContain("barbell-bench-press");
    const response = await other.request("PUT", `/v1/imports/${waiting.id}/mapping`, {
      json: { mapping: { "Barbel Bench Pres": "barbell-bench-press" } },
    });
    expect(response.status).toBe(202);
    const done = await waitForImport(other, waiting.id);
    expect(done).toMatchObject({ status: "completed", imported: 2, unmatched: [] });
    const { pending, weeks } = await history(other, 14);
    expect(pending).toBe(0);
    expect(weeks.reduce((sum, week) => sum + week.workouts, 0)).toBe(2);
  });
});

describe("the local time of Berlin", () => {
  it.each([
    { local: "28 Mar 2026, 23:30", startedAt: "2026-03-28T23:30:00+01:00" },
    { local: "29 Mar 2026, 03:30", startedAt: "2026-03-29T03:30:00+02:00" },
    { local: "25 Oct 2026, 01:30", startedAt: "2026-10-25T01:30:00+02:00" },
    { local: "25 Oct 2026, 03:30", startedAt: "2026-10-25T03:30:00+01:00" },
  ])("has the right offset at $local", async ({ local, startedAt }) => {
    const other = await Athlete.create(stack);
    const file = csv(trainingLog(1, 1)).replaceAll(/"\d+ \w+ \d+, \d+:\d+"/g, `"${local}"`);
    const done = await importFile(other, file, "?time_zone=Europe/Berlin");
    expect(done).toMatchObject({ imported: 1 });
    const { items } = await other.workouts();
    expect(items.map((workout) => workout.started_at)).toEqual([startedAt]);
  });
});

/** Returns the volume of a number of days, up to today. */
async function history(of: Athlete, days = DAYS + 14): Promise<WeeklyVolume> {
  const today = Math.floor(Date.now() / DAY_MS);
  const all: WeeklyVolume = { weeks: [], pending: 0 };
  // Each request covers 52 whole weeks from a Monday (such as 1970-01-05), so no week is read twice.
  const monday = today - days - ((today - days - 4) % 7);
  for (let from = monday; from <= today; from += 364) {
    const to = Math.min(from + 363, today);
    const { weeks, pending } = await of.get<WeeklyVolume>(
      `/v1/volume/weekly?from=${day(from)}&to=${day(to)}`,
    );
    all.weeks.push(...weeks);
    all.pending = pending;
  }
  return all;
}

function day(sinceEpoch: number): string {
  return new Date(sinceEpoch * DAY_MS).toISOString().slice(0, 10);
}

async function records(of: Athlete): Promise<object[]> {
  const { items } = await of.get<{ items: Record<string, unknown>[] }>("/v1/records");
  expect(items.length).toBeGreaterThan(0);
  return items.map((item) => ({ ...item, workout_id: null }));
}

/** Returns the weekly totals of a log, computed from its rows. */
function totalsOf(rows: HevyRow[]): object[] {
  const weeks = new Map<string, { workouts: Set<number>; sets: number; hard: number; g: number }>();
  for (const row of rows) {
    const date = Math.floor(row.startedAt.getTime() / DAY_MS);
    const monday = day(date - ((date + 3) % 7));
    const week = weeks.get(monday) ?? { workouts: new Set(), sets: 0, hard: 0, g: 0 };
    weeks.set(monday, week);
    week.workouts.add(row.startedAt.getTime());
    if (row.setType !== "warmup") {
      const hands = row.exercise.includes("Dumbbell") ? 2 : 1;
      week.sets += 1;
      week.g += row.weightKg * 1_000 * hands * row.reps;
      week.hard += row.reps >= 1 && row.reps <= 30 && (row.rpe ?? 10) >= 6 ? 1 : 0;
    }
  }
  return [...weeks].sort().map(([week_start, { workouts, sets, hard, g }]) => ({
    week_start,
    workouts: workouts.size,
    sets,
    hard_sets: hard,
    tonnage_kg: g / 1_000,
  }));
}
