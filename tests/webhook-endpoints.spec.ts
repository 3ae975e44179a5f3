import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Athlete } from "./support/athlete";
import { Stack } from "./support/stack";

let stack: Stack;
let athlete: Athlete;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack?.stop());

beforeEach(async () => {
  athlete = await Athlete.create(stack);
});

describe("a webhook endpoint, on D1 and WebCrypto", () => {
  const call = (method: string, path: string, json?: unknown) =>
    athlete.request(method, `/v1/webhooks${path}`, { json });

  it("shows its secret in one response only", async () => {
    const created = await call("POST", "", { url: "https://hooks.example/bulktrack" });
    expect(created.status).toBe(201);
    const { id, secret } = (await created.json()) as { id: string; secret: string };
    expect(created.headers.get("location")).toBe(`/v1/webhooks/${id}`);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const rotated = await call("POST", `/${id}/rotate-secret`);
    expect(rotated.status).toBe(200);
    const [stored] = await stack.query<{ signing_keys: string }>(
      "SELECT signing_keys FROM webhook_endpoints WHERE endpoint_id = ?",
      id,
    );
    const keys = JSON.parse(stored?.signing_keys ?? "[]") as { sealed: string }[];
    const sealed = keys.map((key) => key.sealed);
    // A nonce of 12 bytes, a text of 50 and a tag of 16.
    expect(sealed).toEqual([1, 2].map(() => expect.stringMatching(/^v1\.[A-Za-z0-9+/]{104}$/)));
    for (const path of ["", `/${id}`]) {
      expect(await (await call("GET", path)).text()).not.toContain("whsec_");
    }
  });

  it("records in its deliveries that it was disabled", async () => {
    const url = "https://hooks.example/bulktrack";
    const { id } = (await (await call("POST", "", { url })).json()) as { id: string };
    const test = await call("POST", `/${id}/test`);
    expect(test.status).toBe(202);
    const { delivery_id } = (await test.json()) as { delivery_id: string };
    const disabled = await call("PATCH", `/${id}`, { enabled: false });
    expect(await disabled.json()).toMatchObject({ status: "disabled", counts: { failed: 1 } });
    const delivery = await call("GET", `/${id}/deliveries/${delivery_id}`);
    expect(delivery.status).toBe(200);
    const last = { outcome: "disabled", error: "endpoint disabled" };
    expect(await delivery.json()).toMatchObject({ event_type: "test", last });
    expect((await call("POST", `/${id}/deliveries/${delivery_id}/retry`)).status).toBe(409);
  });
});
