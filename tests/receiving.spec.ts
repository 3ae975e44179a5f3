import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { receiver, verify } from "../docs/webhooks/receiver.mjs";
import { example, faults, PAYLOAD_TYPES, type Payload } from "./support/payloads";

/** The vectors of the specification's libraries. */
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
/** The public half of the key of the reference library in Go, and its signature of vector A. */
const A_BY_ED25519 = {
  ...A,
  key: "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=",
  headers: {
    ...A.headers,
    "webhook-signature":
      "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
  },
};

type Received = Omit<typeof A, "headers"> & { headers: Record<string, string> };

/** What the receiver of the documentation makes of a delivery. */
function received({ headers, body, key, at }: Received): unknown {
  return verify(headers, Buffer.from(body), [key], at);
}

describe("the receiver of the documentation", () => {
  it.each([A, B, A_BY_ED25519])("believes $headers.webhook-id by $key", (vector) => {
    expect(received(vector)).toEqual(JSON.parse(vector.body));
  });

  it.each([
    ["300 s old", { at: A.at + 300 }],
    ["300 s ahead", { at: A.at - 300 }],
    ["a list with the good signature in it", signed(`v1,AAAA v1a,AAAA ${good()} v2,x`)],
  ])("believes what is %s", (_, change: Partial<Received>) => {
    expect(received({ ...A, ...change })).toEqual({ test: 2_432_232_314 });
  });

  it.each([
    ["no id", without("webhook-id"), "webhook-id"],
    ["no timestamp", without("webhook-timestamp"), "webhook-timestamp"],
    ["no signature", without("webhook-signature"), "webhook-signature"],
    ["301 s old", { at: A.at + 301 }, "off"],
    ["301 s ahead", { at: A.at - 301 }, "off"],
    ["a timestamp that is no number", headers({ "webhook-timestamp": "16x" }), "seconds"],
    ["another id", headers({ "webhook-id": "msg_other" }), "matches"],
    ["another timestamp", headers({ "webhook-timestamp": "1614265331" }), "matches"],
    ["another body", { body: '{"test":2432232314}' }, "matches"],
    ["another key", { key: B.key }, "matches"],
    ["a partial signature", signed("v1,"), "matches"],
    ["a list of others", signed("v1,AAAA v1a,AAAA"), "matches"],
    ["the signature under another version", signed(good().replace("v1", "v2")), "matches"],
    ["a shared secret's signature as v1a", signed(good().replace("v1", "v1a")), "matches"],
    ["an empty secret", { key: "whsec_" }, "empty"],
  ])("refuses %s", (_, change: Partial<Received>, why) => {
    expect(() => received({ ...A, ...change })).toThrow(why);
  });

  it("refuses an ed25519 signature of another pair", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const content = `${A.headers["webhook-id"]}.${A.at}.${A.body}`;
    const theirs = sign(null, Buffer.from(content), privateKey).toString("base64");
    expect(() => received({ ...A_BY_ED25519, ...signed(`v1a,${theirs}`) })).toThrow("matches");
  });

  it("answers 204 to what the standardwebhooks library signs, and 401 to anything else", async () => {
    const printed: string[] = [];
    const server = receiver([A.key], (line) => printed.push(line)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const body = JSON.stringify(example("endpoint.test"));
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
    const [verified, json, refused] = printed;
    expect(verified).toBe("verified endpoint.test msg_1");
    expect(JSON.parse(json ?? "")).toEqual(example("endpoint.test"));
    expect(refused).toBe("refused: no signature matches");
  });
});

describe.each(PAYLOAD_TYPES)("the schema of %s", (type) => {
  it("takes the example, full and thin, and knows each of its fields", () => {
    expect(example(type).type).toBe(type);
    expect(faults(example(type))).toEqual([]);
    expect(faults(thin(example(type)))).toEqual([]);
  });

  it("takes nothing that is another type's, lacks an id or has a field that it does not know", () => {
    const good = example(type);
    const { [Object.keys(good.data)[0] ?? ""]: _, ...lacking } = good.data;
    const other = PAYLOAD_TYPES.find((name) => name !== type) ?? "";
    for (const bad of [
      { ...example(other), type },
      { ...good, data: lacking },
      { ...good, data: { ...good.data, colour: "red" } },
      { ...good, timestamp: "yesterday" },
      { type, timestamp: good.timestamp } as Payload,
    ]) {
      expect(faults(bad), JSON.stringify(bad)).not.toEqual([]);
    }
  });
});

it("a payload is full or thin, nothing between", () => {
  const { data, ...envelope } = example("pattern.detected");
  for (const name of ["title", "body", "details"]) {
    const { [name]: _, ...some } = data;
    expect(faults({ ...envelope, data: some }), name).not.toEqual([]);
  }
});

/** The thin form of a full payload. */
function thin({ data, ...envelope }: Payload): Payload {
  const { title: _, body: __, details: ___, ...ids } = data;
  return { ...envelope, data: ids };
}

function good(): string {
  return A.headers["webhook-signature"];
}

function headers(changed: Record<string, string>): Partial<Received> {
  return { headers: { ...A.headers, ...changed } };
}

function signed(signature: string): Partial<Received> {
  return headers({ "webhook-signature": signature });
}

function without(name: keyof typeof A.headers): Partial<Received> {
  const { [name]: _, ...others } = A.headers;
  return { headers: others };
}
