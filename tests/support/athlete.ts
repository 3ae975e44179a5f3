import { randomUUID } from "node:crypto";
import { type ApiClient, ok, type RequestBody, type Schemas } from "./client";
import { eventually } from "./eventually";
import { OPERATOR_TOKEN, type RequestOptions, type Stack } from "./stack";

/** A hard set of ten repetitions. */
export const HARD_SET = { kind: "working", weight_kg: 60, reps: 10, rpe: 8 } as const;

export type WorkoutInput = RequestBody<"NewWorkout">;

export type Workout = Schemas["Workout"];
export type Notification = Schemas["Notification"];
export type Inbox = Schemas["Inbox"];
export type MuscleWeek = Schemas["MuscleWeek"];
export type Week = Schemas["WeekVolume"];
export type WeeklyVolume = Schemas["WeeklyVolume"];

/** A page of a list that the document does not name. */
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
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
  /** A typed client with the athlete's key. */
  readonly api: ApiClient;

  private constructor(
    private readonly stack: Stack,
    readonly id: string,
    readonly key: string,
    readonly email: string,
  ) {
    this.api = stack.api(key);
  }

  static async create(stack: Stack): Promise<Athlete> {
    const email = `athlete-${randomUUID()}@example.com`;
    const body = { display_name: "Ada Lift", email, email_confirmed: true };
    const operator = stack.api(OPERATOR_TOKEN);
    const { athlete_id, api_key } = await ok(operator.POST("/v1/admin/athletes", { body }));
    return new Athlete(stack, athlete_id, api_key, email);
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
  post(body: WorkoutInput, headers: Record<string, string> = {}): Promise<Workout> {
    return ok(this.api.POST("/v1/workouts", { body, headers }));
  }

  workouts(): Promise<Page<Workout>> {
    return ok(this.api.GET("/v1/workouts", { params: { query: { limit: 100 } } }));
  }

  notifications(): Promise<Inbox> {
    return ok(this.api.GET("/v1/notifications", { params: { query: { limit: 100 } } }));
  }

  /** Returns the volume in the week of an instant. */
  weekly(instant: string): Promise<WeeklyVolume> {
    const day = instant.slice(0, 10);
    const query = { from: day, to: day };
    return ok(this.api.GET("/v1/volume/weekly", { params: { query } }));
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
