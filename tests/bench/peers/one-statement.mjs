// The floor with one statement: the workout has its Idempotency-Key.
import { LIVE_KEY, log, read } from "./request.mjs";

export default {
  async fetch(request, env) {
    const startMs = Date.now();
    const { keyId, secretHash, idempotencyKey, requestHash, workout } = await read(request);
    const id = crypto.randomUUID();
    const row = await env.DB.prepare(
      "INSERT INTO workouts " +
        "(athlete_id, workout_id, started_at, document, idempotency_key, request_hash) " +
        `SELECT athlete_id, ?4, ?5, ?6, ?7, ?8 FROM api_keys WHERE ${LIVE_KEY} ` +
        "ON CONFLICT DO NOTHING RETURNING workout_id",
    )
      .bind(
        keyId,
        secretHash,
        Date.now(),
        id,
        workout.started_at,
        JSON.stringify(workout),
        idempotencyKey,
        requestHash,
      )
      .first("workout_id");
    if (row === null) {
      return Response.json({}, { status: 409 });
    }
    await env.QUEUE.send({ id: crypto.randomUUID(), type: "WorkoutCompleted", data: workout });
    log(request, 201, startMs);
    return Response.json({ id, ...workout }, { status: 201 });
  },
};
