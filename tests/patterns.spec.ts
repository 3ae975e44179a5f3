import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, startedAt, type WorkoutInput, workout } from "./support/athlete";
import { expectAcked } from "./support/decisions";
import { event, message, monday } from "./support/events";
import { eventually } from "./support/eventually";
import { Stack } from "./support/stack";

interface Item {
  id: string;
  pattern: string;
  subject: string;
  status: string;
  adjustment?: { action: string; unit: string };
}

const DAY_MS = 86_400_000;

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
  athlete = await Athlete.create(stack);
});

afterAll(() => stack?.stop());

const open = async () => (await athlete.get<{ items: Item[] }>("/v1/patterns?status=open")).items;

const kinds = async () => (await athlete.notifications()).items.map(({ kind }) => kind);

describe("seven weeks of bench press at one weight", () => {
  it("are a repeated load that is announced once", async () => {
    for (let week = 6; week >= 0; week--) {
      await athlete.post(heavyBench(startedAt(week * 7)));
    }
    const isRepeated = ({ pattern }: Item) => pattern === "repeated_load";
    const items = await eventually("the pattern", open, (all) => all.some(isRepeated));
    expect(items.filter(isRepeated)).toMatchObject([{ subject: "barbell-bench-press" }]);
    expect(items.map(({ pattern }) => pattern)).not.toContain("plateau");
    const recommended = await athlete.get<{ items: Item[] }>("/v1/recommendations");
    expect(recommended.items.length).toBeLessThanOrEqual(3);
    for (const { adjustment, id, status } of recommended.items) {
      expect(status).toBe("open");
      expect(items.map((item) => item.id)).toContain(id);
      expect(adjustment).toMatchObject({ action: "raise_sets", unit: "hard sets a week" });
    }
  });

  it("do not notify the athlete again", async () => {
    const shown = await eventually("a notification", kinds, (all) => all.length > 0);
    const today = new Date().toISOString().slice(0, 10);
    const week_start = monday(Date.parse(today) / DAY_MS);
    const batch = [message(event("AggregationUpdated", athlete.id, { week_start }))];
    expectAcked(await stack.deliver("ai", "ai-analysis", batch), batch);
    expect(await kinds()).toEqual(shown);
    expect(shown).toHaveLength(1);
  });
});

describe("a past week", () => {
  it("has one report for duplicate events", async () => {
    const week_start = monday(Date.now() / DAY_MS - 7);
    const ended = () => message(event("TrainingWeekEnded", athlete.id, { week_start }));
    for (const batch of [[ended(), ended()], [ended()]]) {
      expectAcked(await stack.deliver("ai", "ai-analysis", batch), batch);
    }
    const isReport = (kind: string) => kind === "weekly_report";
    await eventually("the report", kinds, (all) => all.some(isReport));
    expect((await kinds()).filter(isReport)).toHaveLength(1);
    const report = await athlete.get<Record<string, unknown>>(
      `/v1/reports/weekly?week=${week_start}`,
    );
    expect(report).toMatchObject({ week_start, workouts: 1 });
    expect(report.body).toContain("Barbell Bench Press");
    const newest = await athlete.get<Record<string, unknown>>("/v1/reports/weekly");
    expect(newest).toEqual(report);
  });
});

/** Returns five hard sets with few repetitions, so that the one-rep maximum can be estimated. */
function heavyBench(started_at: string): WorkoutInput {
  const input = workout({ "barbell-bench-press": 0 }, started_at);
  const set = { kind: "working", weight_kg: 90, reps: 6, rpe: 9 };
  const [exercise] = input.exercises;
  Object.assign(exercise ?? {}, { sets: Array.from({ length: 5 }, () => set) });
  return input;
}
