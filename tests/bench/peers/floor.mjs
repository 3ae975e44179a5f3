// The floor: a bare worker with one batch of three statements and one message.
import { LIVE_KEY, log, read } from "./request.mjs";

export default {
  async fetch(request, env) {
    const startMs = Date.now();
    const { keyId, secretHash, idempotencyKey, requestHash, workout } = await read(request);
    const id = crypto.randomUUID();
    const key = [keyId, secretHash, Date.now()];
    const [stored, , inserted] = await env.DB.batch([
      env.DB.prepare(
        "SELECT athlete_id, idempotency.workout_id, idempotency.request_hash FROM api_keys " +
          "LEFT JOIN idempotency_keys AS idempotency USING (athlete_id) " +
          `WHERE ${LIVE_KEY} AND coalesce(idempotency_key = ?4, 1)`,
      ).bind(...key, idempotencyKey),
      env.DB.prepare(
        "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, workout_id) " +
          `SELECT athlete_id, ?4, ?5, ?6 FROM api_keys WHERE ${LIVE_KEY} ON CONFLICT DO NOTHING`,
      ).bind(...key, idempotencyKey, requestHash, id),
      env.DB.prepare(
        "INSERT INTO workouts (athlete_id, workout_id, started_at, document) " +
          "SELECT athlete_id, ?4, ?5, ?6 FROM api_keys JOIN idempotency_keys USING (athlete_id) " +
          `WHERE ${LIVE_KEY} AND idempotency_key = ?7 AND workout_id = ?4 RETURNING workout_id`,
      ).bind(...key, id, workout.started_at, JSON.stringify(workout), idempotencyKey),
    ]);
    if (inserted.results.length === 0) {
      const status = stored.results.length === 0 ? 401 : 200;
      return Response.json(stored.results[0] ?? {}, { status });
    }
    await env.QUEUE.send({ id: crypto.randomUUID(), type: "WorkoutCompleted", data: workout });
    log(request, 201, startMs);
    return Response.json({ id, ...workout }, { status: 201 });
  },
};
