// What a developer of this ecosystem would write: Hono, Zod and Drizzle, with a row for each set.
import { and, eq, isNull } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Hono } from "hono";
import { z } from "zod";
import { log } from "./request.mjs";

const apiKeys = sqliteTable("api_keys", {
  keyId: text("key_id").primaryKey(),
  athleteId: text("athlete_id").notNull(),
  secretHash: text("secret_hash").notNull(),
  scopes: text("scopes").notNull(),
  revokedAtMs: integer("revoked_at_ms"),
});
const idempotencyKeys = sqliteTable("idempotency_keys", {
  athleteId: text("athlete_id").notNull(),
  idempotencyKey: text("idempotency_key").notNull(),
  requestHash: text("request_hash").notNull(),
  workoutId: text("workout_id").notNull(),
});
const workouts = sqliteTable("workouts", {
  athleteId: text("athlete_id").notNull(),
  workoutId: text("workout_id").notNull(),
  startedAt: text("started_at").notNull(),
  document: text("document").notNull(),
});
const sets = sqliteTable("sets", {
  id: integer("id").primaryKey(),
  workoutId: text("workout_id").notNull(),
  exercise: text("exercise").notNull(),
  kind: text("kind").notNull(),
  weightKg: real("weight_kg"),
  reps: integer("reps"),
});

const Workout = z.strictObject({
  title: z.string().max(2_000).optional(),
  started_at: z.iso.datetime({ offset: true }),
  ended_at: z.iso.datetime({ offset: true }).optional(),
  exercises: z
    .array(
      z.strictObject({
        exercise: z.string(),
        sets: z
          .array(
            z.strictObject({
              kind: z.enum(["warmup", "working", "drop", "failure"]),
              weight_kg: z.number().min(0).max(1_000).optional(),
              reps: z.number().int().min(0).max(1_000).optional(),
              rpe: z.number().min(1).max(10).optional(),
            }),
          )
          .max(500),
      }),
    )
    .max(50),
});

/** Rows of one statement: D1 allows 100 parameters. */
const ROWS_PER_INSERT = 16;

type Env = { DB: Parameters<typeof drizzle>[0]; QUEUE: { send(message: unknown): Promise<void> } };
const app = new Hono<{ Bindings: Env }>();

app.use(async (c, next) => {
  const startMs = Date.now();
  await next();
  log(c.req.raw, c.res.status, startMs);
});

app.post("/v1/workouts", async (c) => {
  const database = drizzle(c.env.DB);
  const [, keyId = "", secret = ""] = (c.req.header("authorization") ?? "").split("_");
  const isLive = and(eq(apiKeys.keyId, keyId), isNull(apiKeys.revokedAtMs));
  const [key] = await database.select().from(apiKeys).where(isLive);
  if (key?.secretHash !== (await sha256(secret)) || !key.scopes.includes("write")) {
    return c.json({}, 401);
  }
  const body = await c.req.text();
  const workout = Workout.safeParse(JSON.parse(body));
  if (!workout.success) {
    return c.json(workout.error.issues, 422);
  }
  const { athleteId } = key;
  const workoutId = crypto.randomUUID();
  const idempotencyKey = c.req.header("idempotency-key") ?? workoutId;
  const requestHash = await sha256(body);
  const entry = { athleteId, idempotencyKey, requestHash, workoutId };
  const added = await database
    .insert(idempotencyKeys)
    .values(entry)
    .onConflictDoNothing()
    .returning({ workoutId: idempotencyKeys.workoutId });
  if (added.length === 0) {
    return c.json({}, 409);
  }
  const { data } = workout;
  const rows = data.exercises.flatMap(({ exercise, sets }) =>
    sets.map(({ kind, weight_kg: weightKg, reps }) => ({
      workoutId,
      exercise,
      kind,
      weightKg,
      reps,
    })),
  );
  const inserts = [];
  for (let first = 0; first < rows.length; first += ROWS_PER_INSERT) {
    inserts.push(database.insert(sets).values(rows.slice(first, first + ROWS_PER_INSERT)));
  }
  const { exercises: _, ...head } = data;
  const row = { athleteId, workoutId, startedAt: data.started_at, document: JSON.stringify(head) };
  await database.batch([database.insert(workouts).values(row), ...inserts]);
  await c.env.QUEUE.send({ id: crypto.randomUUID(), type: "WorkoutCompleted", data });
  return c.json({ id: workoutId, ...data }, 201);
});

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default app;
