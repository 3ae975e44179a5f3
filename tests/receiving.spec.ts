import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { receiver, verify } from "../docs/webhooks/receiver.mjs";
import { example, PAYLOAD_TYPES, type Payload, schemaErrors } from "./support/payloads";

/** The test vectors of the libraries of the specification. */
const A = {
  key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
  body: '{"test": 2432232314}',
  at: 1_614_265_330,
};
const B = {
  key: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
  headers: {
    "webhook-id": "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    "webhook-timestamp": "1649367553",
    "webhook-signature": "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
  },
  body: '{"email":"test@example.com","username":"test_user"}',
  at: 1_649_367_553,
};
/** The public key of the reference library in Go, and its signature of vector A. */
const A_BY_ED25519 = {
  ...A,
  key: "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=",
  headers: {
    ...A.headers,
    "webhook-signature":
      "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
  },
};

type Delivery = Omit<typeof A, "headers"> & { headers: Record<string, string> };

/** Returns the payload that the documented receiver verifies. */
function verifyDelivery({ headers, body, key, at }: Delivery): unknown {
  return verify(headers, Buffer.from(body), [key], at);
}

describe("the documented receiver", () => {
  it.each([A, B, A_BY_ED25519])("accepts $headers.webhook-id signed by $key", (vector) => {
    expect(verifyDelivery(vector)).toEqual(JSON.parse(vector.body));
  });

  it.each([
    ["300 s old", { at: A.at + 300 }],
    ["300 s ahead", { at: A.at - 300 }],
    ["with several signatures", signed(`v1,AAAA v1a,AAAA ${validSignature()} v2,x`)],
  ])("accepts a delivery %s", (_, change: Partial<Delivery>) => {
    expect(verifyDelivery({ ...A, ...change })).toEqual({ test: 2_432_232_314 });
  });

  it.each([
    ["no id", without("webhook-id"), "webhook-id"],
    ["no timestamp", without("webhook-timestamp"), "webhook-timestamp"],
    ["no signature", without("webhook-signature"), "webhook-signature"],
    ["301 s old", { at: A.at + 301 }, "off"],
    ["301 s ahead", { at: A.at - 301 }, "off"],
    ["an invalid timestamp", headers({ "webhook-timestamp": "16x" }), "seconds"],
    ["another id", headers({ "webhook-id": "msg_other" }), "matches"],
    ["another timestamp", headers({ "webhook-timestamp": "1614265331" }), "matches"],
    ["another body", { body: '{"test":2432232314}' }, "matches"],
    ["another key", { key: B.key }, "matches"],
    ["a partial signature", signed("v1,"), "matches"],
    ["other signatures", signed("v1,AAAA v1a,AAAA"), "matches"],
    ["the signature with another version", signed(validSignature().replace("v1", "v2")), "matches"],
    [
      "a shared secret's signature as v1a",
      signed(validSignature().replace("v1", "v1a")),
      "matches",
    ],
    ["an empty secret", { key: "whsec_" }, "empty"],
  ])("rejects %s", (_, change: Partial<Delivery>, error) => {
    expect(() => verifyDelivery({ ...A, ...change })).toThrow(error);
  });

  it("rejects an ed25519 signature of another key", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const content = `${A.headers["webhook-id"]}.${A.at}.${A.body}`;
    const signature = sign(null, Buffer.from(content), privateKey).toString("base64");
    expect(() => verifyDelivery({ ...A_BY_ED25519, ...signed(`v1a,${signature}`) })).toThrow(
      "matches",
    );
  });

  it("is 204 with a valid signature and 401 otherwise", async () => {
    const printed: string[] = [];
    const server = receiver([A.key], (line) => printed.push(line)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const body = JSON.stringify(example("test"));
    const now = new Date();
    const post = (signature: string) =>
      fetch(url, {
        method: "POST",
        headers: {
          "webhook-id": "msg_1",
          "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
          "webhook-signature": signature,
        },
        body,
      });
    try {
      expect((await post(new Webhook(A.key).sign("msg_1", now, body))).status).toBe(204);
      expect((await post(new Webhook(B.key).sign("msg_1", now, body))).status).toBe(401);
    } finally {
      server.close();
    }
    const [verified, json, rejected] = printed;
    expect(verified).toBe("verified test msg_1");
    expect(JSON.parse(json ?? "")).toEqual(example("test"));
    expect(rejected).toBe("rejected: no signature matches");
  });
});

describe.each(PAYLOAD_TYPES)("the schema of %s", (type) => {
  it("accepts its full and thin examples", () => {
    expect(example(type).type).toBe(type);
    expect(schemaErrors(example(type))).toEqual([]);
    expect(schemaErrors(thin(example(type)))).toEqual([]);
  });

  it("rejects other types, missing ids and unknown fields", () => {
    const valid = example(type);
    const { [Object.keys(valid.data)[0] ?? ""]: _, ...incomplete } = valid.data;
    const other = PAYLOAD_TYPES.find((name) => name !== type) ?? "";
    for (const invalid of [
      { ...example(other), type },
      { ...valid, data: incomplete },
      { ...valid, data: { ...valid.data, colour: "red" } },
      { ...valid, timestamp: "yesterday" },
      { type, timestamp: valid.timestamp } as Payload,
    ]) {
      expect(schemaErrors(invalid), JSON.stringify(invalid)).not.toEqual([]);
    }
  });
});

it("a payload is either full or thin", () => {
  const { data, ...envelope } = example("pattern.detected");
  for (const name of ["title", "body", "details"]) {
    const { [name]: _, ...some } = data;
    expect(schemaErrors({ ...envelope, data: some }), name).not.toEqual([]);
  }
});

/** Returns the thin form of a full payload. */
function thin({ data, ...envelope }: Payload): Payload {
  const { title: _, body: __, details: ___, ...ids } = data;
  return { ...envelope, data: ids };
}

function validSignature(): string {
  return A.headers["webhook-signature"];
}

function headers(changed: Record<string, string>): Partial<Delivery> {
  return { headers: { ...A.headers, ...changed } };
}

function signed(signature: string): Partial<Delivery> {
  return headers({ "webhook-signature": signature });
}

function without(name: keyof typeof A.headers): Partial<Delivery> {
  const { [name]: _, ...others } = A.headers;
  return { headers: others };
}
