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

/** Returns the instant one hour and some days ago, so never ahead of the clock of the api. */
export function startedAt(daysAgo = 0): string {
  return new Date(Date.now() - (daysAgo * 24 + 1) * 3_600_000).toISOString();
}

/** Returns a completed workout with this number of hard sets for each exercise. */
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

/** Returns thirty hard sets for the chest; all other muscles stay under their maximum. */
export function thirtySetsOfChest(): WorkoutInput {
  return workout({ "barbell-bench-press": 10, "cable-fly": 10, "pec-deck": 10 });
}

/** An athlete with an API key. */
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
      json: { display_name: "Ada Lift", email, email_confirmed: true },
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

  /** Returns the JSON of a GET. */
  async get<T>(path: string): Promise<T> {
    const response = await this.request("GET", path);
    if (response.status !== 200) {
      throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    }
    return (await response.json()) as T;
  }

  /** Posts a valid workout. */
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

  /** Returns the volume in the week of an instant. */
  weekly(instant: string): Promise<WeeklyVolume> {
    const day = instant.slice(0, 10);
    return this.get(`/v1/volume/weekly?from=${day}&to=${day}`);
  }

  /** Waits until every workout is aggregated, and returns the week of an instant. */
  async aggregatedWeek(instant: string, timeoutMs?: number): Promise<Week> {
    const weekly = await eventually(
      "every workout is aggregated",
      () => this.weekly(instant),
      ({ pending }) => pending === 0,
      timeoutMs,
    );
    return onlyWeek(weekly);
  }

  /** The emails to this athlete. */
  get emails() {
    return this.stack.emails.filter((email) => email.to.includes(this.email));
  }
}

function onlyWeek({ weeks }: WeeklyVolume): Week {
  const [week, ...others] = weeks;
  if (!week || others.length > 0) {
    throw new Error(`not exactly one week: ${JSON.stringify(weeks)}`);
  }
  return week;
}

/** Returns the volume of one muscle. */
export function muscle(week: Week, name: string): MuscleWeek {
  const volume = week.muscles.find((part) => part.muscle === name);
  if (!volume) {
    throw new Error(`no ${name} in ${JSON.stringify(week)}`);
  }
  return volume;
}
