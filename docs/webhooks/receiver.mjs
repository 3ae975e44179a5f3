// A receiver of Bulktrack's webhooks, in plain Node. Copy `verify` into your own receiver.
//
//   node receiver.mjs <whsec_… or whpk_…> [port]
//
// Responds 204 to a delivery that is signed with that key, and prints it; otherwise responds 401.
import { createHmac, createPublicKey, timingSafeEqual, verify as verifyEd25519 } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

/** The maximum difference of the two clocks, and the time in which a delivery can be replayed. */
const TOLERANCE_S = 300;
/** The prefix of a public ed25519 key in DER, before its 32 bytes (RFC 8410). */
const ED25519_DER_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Returns the delivery if it has a current signature with one of the keys, and throws otherwise. `body`
 * is the received Buffer, byte for byte: JSON that was parsed and serialized has another signature.
 */
export function verify(headers, body, keys, nowS = Math.floor(Date.now() / 1000)) {
  // 1. The three headers exist.
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) => {
    const value = headers[`webhook-${name}`];
    if (!value) throw new Error(`the header webhook-${name} is missing`);
    return value;
  });
  // 2. The timestamp is current.
  if (!/^\d+$/.test(timestamp)) throw new Error("webhook-timestamp is not in seconds since 1970");
  if (Math.abs(nowS - Number(timestamp)) > TOLERANCE_S) {
    throw new Error(`the attempt is more than ${TOLERANCE_S} s off`);
  }
  // 3. One of the signatures matches one of the keys.
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const matches = (signature) => keys.some((key) => isSignature(signature, key, content));
  if (!signatures.split(" ").some(matches)) throw new Error("no signature matches");
  // 4. Only a verified body is parsed.
  return JSON.parse(body.toString("utf8"));
}

function isSignature(signature, key, content) {
  const [version, encoded] = signature.split(",");
  const [prefix, encodedKey] = key.split("_");
  const given = Buffer.from(encoded ?? "", "base64");
  const keyBytes = Buffer.from(encodedKey ?? "", "base64");
  if (keyBytes.length === 0) throw new Error("the key is empty");
  if (version === "v1" && prefix === "whsec") {
    const expected = createHmac("sha256", keyBytes).update(content).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
  if (version === "v1a" && prefix === "whpk") {
    const der = Buffer.concat([ED25519_DER_PREFIX, keyBytes]);
    const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
    return verifyEd25519(null, content, publicKey, given);
  }
  return false;
}

/** Returns a server that verifies each delivery. */
export function receiver(keys, log = console.log) {
  return createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      const delivery = verify(request.headers, Buffer.concat(chunks), keys);
      log(`verified ${delivery.type} ${request.headers["webhook-id"]}`);
      log(JSON.stringify(delivery, null, 2));
      response.writeHead(204).end();
    } catch (error) {
      log(`rejected: ${error.message}`);
      response.writeHead(401).end();
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [key, port = "9000"] = process.argv.slice(2);
  if (!/^(whsec|whpk)_/.test(key ?? "")) {
    console.error("usage: node receiver.mjs <whsec_… or whpk_…> [port]");
    process.exit(2);
  }
  receiver([key]).listen(Number(port), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${port}/`);
  });
}
