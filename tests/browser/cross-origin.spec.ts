import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete, workout } from "../support/athlete";
import { Browser, type Tab } from "../support/browser";
import { Stack } from "../support/stack";

/** The parts of a response that a script can read. */
interface ScriptResponse {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

let stack: Stack;
let browser: Browser;
let athlete: Athlete;
/** The server of an app's page: another origin than the api's. */
let app: Server;
let tab: Tab;

beforeAll(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  athlete = await Athlete.create(stack);
  app = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>A training app</title><link rel=icon href=data:,>");
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const { port } = app.address() as AddressInfo;
  tab = await browser.open(`http://127.0.0.1:${port}/`);
});

afterAll(async () => {
  app?.close();
  await browser?.stop();
  await stack?.stop();
});

/** Calls the api by `fetch` from the page of the app. */
function fetchFromPage(
  method: string,
  path: string,
  options: { key: string; json?: object; headers?: Record<string, string> },
): Promise<ScriptResponse> {
  return tab.page.evaluate(
    async ({ url, method, key, json, headers }) => {
      const response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(json ? { "content-type": "application/json" } : {}),
          ...headers,
        },
        body: json && JSON.stringify(json),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: text === "" ? {} : JSON.parse(text),
      };
    },
    { url: `${stack.url}${path}`, method, ...options },
  );
}

async function createKey(scope: "read" | "write"): Promise<string> {
  const json = { name: `the ${scope} key of an app`, scopes: [scope] };
  const { status, body } = await fetchFromPage("POST", "/v1/keys", { key: athlete.key, json });
  expect(status).toBe(201);
  return String(body.api_key);
}

describe("a page of another origin", () => {
  it("logs a workout with a write key, headers included", async () => {
    const options = {
      key: await createKey("write"),
      json: workout({ "pec-deck": 3 }),
      headers: { "idempotency-key": "from a page" },
    };
    const created = await fetchFromPage("POST", "/v1/workouts", options);
    expect(created.status).toBe(201);
    expect(created.headers).toMatchObject({
      etag: expect.stringMatching(/^"1"$/),
      location: `/v1/workouts/${created.body.id}`,
      "x-request-id": expect.any(String),
    });
    const replayed = await fetchFromPage("POST", "/v1/workouts", options);
    expect(replayed.headers).toMatchObject({ "idempotency-replayed": "true" });
    expect(replayed.body.id).toBe(created.body.id);
    expect(tab.errors).toEqual([]);
  });

  it("reads with a read key and cannot write", async () => {
    const key = await createKey("read");
    const written = await athlete.post(workout({ "pec-deck": 1 }));
    const path = `/v1/workouts/${written.id}`;
    const read = await fetchFromPage("GET", path, { key });
    expect(read.body).toEqual(written);
    const tag = { "if-none-match": read.headers.etag ?? "" };
    expect((await fetchFromPage("GET", path, { key, headers: tag })).status).toBe(304);

    const rejected = await fetchFromPage("POST", "/v1/workouts", {
      key,
      json: workout({ "pec-deck": 3 }),
    });
    expect(rejected.status).toBe(403);
    expect(rejected.body.code).toBe("insufficient_scope");
    expect((await fetchFromPage("DELETE", path, { key })).status).toBe(403);
  });
});

it("ALLOWED_ORIGINS names the origins that may read responses", async () => {
  const variables = { ENVIRONMENT: "public", ALLOWED_ORIGINS: "https://app.example" };
  const deployed = await Stack.start({ variables });
  try {
    const allowed = async (origin: string) => {
      const response = await deployed.request("GET", "/healthz", { headers: { origin } });
      return response.headers.get("access-control-allow-origin");
    };
    expect(await allowed("https://app.example")).toBe("https://app.example");
    expect(await allowed("https://evil.example")).toBeNull();
    expect(await allowed("http://127.0.0.1:8080")).toBeNull();
  } finally {
    await deployed.stop();
  }
});
