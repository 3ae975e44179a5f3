import { randomUUID } from "node:crypto";
import { eventually } from "./eventually";
import { OPERATOR_TOKEN, type RequestOptions, type Stack } from "./stack";

/** A hard set of ten repetitions. */
export const HARD_SET = { kind: "working", weight_kg: 60, reps: 10, rpe: 8 };

export interface WorkoutInput {
  title?: string;
  started_at: string;
  ended_at?: string;
  exercises: { exercise: string; sets: object[] }[];
}

export interface Workout extends WorkoutInput {
  id: string;
  athlete_id: string;
  revision: number;
  status: string;
  totals: { sets: number; hard_sets: number; tonnage_kg: number };
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Notification {
  id: string;
  kind: string;
  title: string;
  body: string;
  data: Record<string, unknown>;
  created_at: string;
  read_at: string | null;
}

export interface Inbox extends Page<Notification> {
  unread: number;
}

export interface MuscleWeek {
  muscle: string;
  hard_sets: number;
  tonnage_kg: number;
  mev: number;
  mrv: number;
  level: string;
}

export interface Week {
  week_start: string;
  workouts: number;
  sets: number;
  tonnage_kg: number;
  hard_sets: number;
  muscles: MuscleWeek[];
}

export interface WeeklyVolume {
  weeks: Week[];
  pending: number;
}

/** An hour ago, or so many days more; so it is never ahead of the api's clock. */
export function startedAt(daysAgo = 0): string {
  return new Date(Date.now() - (daysAgo * 24 + 1) * 3_600_000).toISOString();
}

/** A completed workout with so many hard sets of each exercise. */
export function workout(hardSets: Record<string, number>, started_at = startedAt()): WorkoutInput {
  return {
    started_at,
    ended_at: new Date(Date.parse(started_at) + 1_800_000).toISOString(),
    exercises: Object.entries(hardSets).map(([exercise, count]) => ({
      exercise,
      sets: Array.from({ length: count }, () => HARD_SET),
    })),
  };
}

/** Thirty hard sets for the chest, and for no other muscle more than it can recover from. */
export function thirtySetsOfChest(): WorkoutInput {
  return workout({ "barbell-bench-press": 10, "cable-fly": 10, "pec-deck": 10 });
}

/** An athlete with a key. */
export class Athlete {
  private constructor(
    private readonly stack: Stack,
    readonly id: string,
    readonly key: string,
    readonly email: string,
  ) {}

  static async create(stack: Stack): Promise<Athlete> {
    const email = `athlete-${randomUUID()}@example.com`;
    const response = await stack.request("POST", "/v1/admin/athletes", {
      token: OPERATOR_TOKEN,
      json: { display_name: "Ada Lift", email },
    });
    if (response.status !== 201) {
      throw new Error(`athlete: ${response.status} ${await response.text()}`);
    }
    const { athlete_id, api_key } = (await response.json()) as Record<string, string>;
    return new Athlete(stack, athlete_id ?? "", api_key ?? "", email);
  }

  request(method: string, path: string, options: RequestOptions = {}) {
    return this.stack.request(method, path, { token: this.key, ...options });
  }

  /** The answer of a GET. */
  async get<T>(path: string): Promise<T> {
    const response = await this.request("GET", path);
    if (response.status !== 200) {
      throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as T;
  }

  /** Posts a workout that is accepted. */
  async post(input: WorkoutInput, headers: Record<string, string> = {}): Promise<Workout> {
    const response = await this.request("POST", "/v1/workouts", { json: input, headers });
    if (response.status !== 201) {
      throw new Error(`workout: ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as Workout;
  }

  workouts(): Promise<Page<Workout>> {
    return this.get("/v1/workouts?limit=100");
  }

  notifications(): Promise<Inbox> {
    return this.get("/v1/notifications?limit=100");
  }

  /** The volume of the week of an instant. */
  weekly(instant: string): Promise<WeeklyVolume> {
    const day = instant.slice(0, 10);
    return this.get(`/v1/volume/weekly?from=${day}&to=${day}`);
  }

  /** The week of an instant, once every workout is in it. */
  async aggregatedWeek(instant: string, deadlineMs?: number): Promise<Week> {
    const weekly = await eventually(
      "every workout is aggregated",
      () => this.weekly(instant),
      ({ pending }) => pending === 0,
      deadlineMs,
    );
    return onlyWeek(weekly);
  }

  /** The mails to this athlete. */
  get mails() {
    return this.stack.mails.filter((mail) => mail.to.includes(this.email));
  }
}

function onlyWeek({ weeks }: WeeklyVolume): Week {
  const [week, ...others] = weeks;
  if (!week || others.length > 0) {
    throw new Error(`one week was asked for: ${JSON.stringify(weeks)}`);
  }
  return week;
}

/** What a week says of a muscle. */
export function muscle(week: Week, name: string): MuscleWeek {
  const found = week.muscles.find((part) => part.muscle === name);
  if (!found) {
    throw new Error(`no ${name} in ${JSON.stringify(week)}`);
  }
  return found;
}
