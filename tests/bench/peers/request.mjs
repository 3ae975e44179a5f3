// The parts of a request that the bare workers share.

/** Returns the id of the key, the hash of its secret, the body with its hash, and the Idempotency-Key. */
export async function read(request) {
  const [, keyId, secret] = request.headers.get("authorization").split("_");
  const text = await request.text();
  return {
    keyId,
    secretHash: await sha256(secret),
    idempotencyKey: request.headers.get("idempotency-key"),
    requestHash: await sha256(text),
    workout: JSON.parse(text),
  };
}

async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const LIVE_KEY =
  "key_id = ?1 AND secret_hash = ?2 AND revoked_at_ms IS NULL AND instr(scopes, 'write') > 0 " +
  "AND coalesce(expires_at_ms > ?3, 1)";

/** Writes one line about a request, as the api does. */
export function log(request, status, startMs) {
  const { pathname: path } = new URL(request.url);
  const ms = Date.now() - startMs;
  console.log(
    JSON.stringify({ level: "info", message: "request", method: request.method, path, status, ms }),
  );
}
