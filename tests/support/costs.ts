import { randomBytes, randomUUID } from "node:crypto";
import { type Athlete, type WorkoutInput, workout } from "./athlete";
import { eventually } from "./eventually";
import type { Cost, LogLine } from "./output";
import type { Message, Stack } from "./stack";

/** Returns the workout of the budgets: 6 exercises and 24 sets. */
export function typicalWorkout(started_at?: string): WorkoutInput {
  const hardSets = {
    "barbell-back-squat": 4,
    "barbell-bench-press": 4,
    "barbell-row": 4,
    "romanian-deadlift": 4,
    "lateral-raise": 4,
    "standing-calf-raise": 4,
  };
  return workout(hardSets, started_at);
}

/** Posts a workout, and returns the cost of each invocation in all workers. */
export async function costsOfPosting(
  stack: Stack,
  athlete: Athlete,
  input: WorkoutInput,
): Promise<Cost[]> {
  const traceId = randomBytes(16).toString("hex");
  await athlete.post(input, {
    "idempotency-key": randomUUID(),
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  });
  await athlete.aggregatedWeek(input.started_at);
  return eventually(
    "all messages of the trace are handled",
    () => stack.log.costsOf(traceId),
    (costs) => {
      const handled = stack.log.linesWith({ message: "event", trace_id: traceId }).length;
      return handled > 0 && handled === sum(costs, "messagesSent");
    },
  );
}

/** Delivers a batch to aggregation, and returns its log lines, one for each message. */
export async function linesOfBatch(stack: Stack, batch: Message[]): Promise<LogLine[]> {
  const before = stack.log.lines.length;
  const decisions = await stack.deliver("aggregation", "volume-aggregation", batch);
  if (decisions.explicitAcks.length !== batch.length) {
    throw new Error(`not acknowledged: ${JSON.stringify(decisions)}`);
  }
  return eventually(
    "a line for each event",
    () => stack.log.lines.slice(before).filter((line) => line.batch_size === batch.length),
    (lines) => lines.length === batch.length,
  );
}

export function sum(costs: Cost[], field: "roundTrips" | "rowsWritten" | "messagesSent"): number {
  return costs.reduce((total, cost) => total + cost[field], 0);
}
