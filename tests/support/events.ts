import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Consumer, Message } from "./stack";

/** The consumers with their queues. */
export const CONSUMERS: { consumer: Consumer; queue: string }[] = [
  { consumer: "aggregation", queue: "volume-aggregation" },
  { consumer: "ai", queue: "ai-analysis" },
  { consumer: "webhook", queue: "webhook-notification" },
];

interface Snapshot extends Record<string, unknown> {
  athlete_id: string;
  workout_id: string;
  revision: number;
  started_at: string;
  exercises: { sets: object[] }[];
}

interface Data extends Record<string, unknown> {
  athlete_id?: string;
  workout?: Snapshot;
}

/** A CloudEvents envelope. */
export interface Envelope extends Record<string, unknown> {
  id: string;
  type: string;
  time: string;
  partitionkey: string;
  data: Data;
}

/**
 * Returns the golden event of a type, such as "WorkoutCompleted", with a new id, the current time and
 * this athlete. An inbox does not retain the time of the golden file for ever.
 */
export function event(type: string, athleteId: string, data: Data = {}): Envelope {
  const file = new URL(`../../crates/shared-kernel/golden/${type}.v1.json`, import.meta.url);
  const golden = JSON.parse(readFileSync(file, "utf8")) as Envelope;
  const workout = golden.data.workout;
  return {
    ...golden,
    id: randomUUID(),
    time: new Date().toISOString(),
    partitionkey: athleteId,
    data: workout
      ? { workout: { ...workout, athlete_id: athleteId, ...data.workout } }
      : { ...golden.data, athlete_id: athleteId, ...data },
  };
}

const DAY_MS = 86_400_000;

/** Returns the Monday of the week of a day since the epoch, a Thursday. */
export function monday(day: number): string {
  const whole = Math.floor(day);
  return new Date((whole - ((whole + 3) % 7)) * DAY_MS).toISOString().slice(0, 10);
}

/** The week of the golden workout. */
export const GOLDEN_DAY = "2026-11-16";

/** Returns the event of a workout with this number of hard sets for the chest, by default in the golden week. */
export function workoutCompleted(athleteId: string, hardSets = 1, startedAt?: string): Envelope {
  const golden = event("WorkoutCompleted", athleteId);
  const { workout } = golden.data;
  if (!workout) {
    throw new Error("the golden event has no workout");
  }
  const set = { kind: "working", reps: 8, rpe: 8.5, weight_grams: 102_500 };
  const exercises = workout.exercises.map((exercise) => ({
    ...exercise,
    secondary: [],
    sets: Array.from({ length: hardSets }, () => set),
  }));
  return {
    ...golden,
    data: {
      workout: {
        ...workout,
        started_at: startedAt ?? workout.started_at,
        workout_id: randomUUID(),
        revision: 1,
        exercises,
      },
    },
  };
}

/** Returns a pattern with enough confidence for an email. */
export function patternDetected(athleteId: string): Envelope {
  return event("TrainingPatternDetected", athleteId, { confidence: 1, pattern_id: randomUUID() });
}

/** Returns an event that the consumer of this queue accepts. */
export function validEvent(queue: string, athleteId: string): Envelope {
  switch (queue) {
    case "volume-aggregation":
      return workoutCompleted(athleteId);
    case "ai-analysis":
      return event("AggregationUpdated", athleteId);
    case "webhook-notification":
      return event("NotificationRequested", athleteId);
    default:
      throw new Error(`unknown queue ${queue}`);
  }
}

/** Returns an event that is routed to another queue. */
export function misroutedEvent(queue: string, athleteId: string): Envelope {
  return queue === "ai-analysis"
    ? workoutCompleted(athleteId)
    : event("AggregationUpdated", athleteId);
}

/** Returns a message with this event or other body. */
export function message(body: unknown, attempts = 1): Message {
  const text = isEnvelope(body) ? JSON.stringify(body) : body;
  return { id: randomUUID(), attempts, body: text };
}

function isEnvelope(body: unknown): body is Envelope {
  return typeof body === "object" && body !== null && "specversion" in body;
}
