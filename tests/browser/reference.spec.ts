import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Athlete } from "../support/athlete";
import { Browser } from "../support/browser";
import { expectProblem } from "../support/problems";
import { Stack } from "../support/stack";

interface Operation {
  operationId: string;
  summary: string;
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, Record<string, Operation>>;
}

interface ProblemCode {
  code: string;
  status: number;
  title: string;
}

const PHONE = { viewport: { width: 360, height: 740 } };

const reference = (name: string) =>
  readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), "utf8");
const document = JSON.parse(reference("openapi.json")) as OpenApi;
const problems = JSON.parse(reference("problems.json")) as ProblemCode[];

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
});

afterAll(async () => {
  await browser?.stop();
  await stack?.stop();
});

describe("the documents", () => {
  it.each(["openapi.json", "asyncapi.json"])(
    "include %s, for pages of any origin",
    async (name) => {
      const response = await stack.request("GET", `/${name}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(await response.text()).toBe(reference(name));
    },
  );
});

it("offers the receiver of webhooks for download", async () => {
  const response = await stack.request("GET", "/docs/receiver.mjs");
  expect(response.headers.get("content-type")).toContain("javascript");
  expect(await response.text()).toBe(reference("../webhooks/receiver.mjs"));
});

describe("the reference", () => {
  it("shows every operation and webhook of the document", async () => {
    const tab = await browser.open(`${stack.url}/docs`);
    for (const item of Object.values({ ...document.paths, ...document.webhooks })) {
      for (const { operationId, summary } of Object.values(item)) {
        const section = tab.page.locator(`[data-section-id$="operation/${operationId}"]`);
        await section.getByRole("heading", { name: summary }).first().waitFor();
      }
    }
    expect(tab.errors).toEqual([]);
    expect(tab.foreignRequests).toEqual([]);
  });

  it("has a curl command for each operation", async () => {
    const tab = await browser.open(`${stack.url}/docs`);
    const { operationId } = document.paths["/v1/workouts"]?.post ?? {};
    const section = tab.page.locator(`[data-section-id$="operation/${operationId}"]`);
    await section.getByRole("tab", { name: "curl" }).click();
    const command = await section.locator("pre").first().textContent();
    expect(command).toContain(`curl -X POST '${stack.url}/v1/workouts'`);
    expect(command).toContain('-H "Authorization: Bearer $key"');
    expect(command).toMatch(/-H 'Idempotency-Key: [0-9a-f-]{36}'/);
    expect(command).toContain("--data-binary '{\n");
    expect(command).toContain('"exercise": "barbell-bench-press"');
  });

  it("finds an operation by search", async () => {
    const tab = await browser.open(`${stack.url}/docs`);
    await tab.page.getByPlaceholder("Search").fill("workout");
    await tab.page.getByRole("search").getByText("Post a workout").first().waitFor();
    expect(tab.errors).toEqual([]);
  });

  it.each(["light", "dark"] as const)("is readable on a phone in %s mode", async (colorScheme) => {
    const tab = await browser.open(`${stack.url}/docs`, { ...PHONE, colorScheme });
    await tab.page.getByRole("heading", { level: 1 }).first().waitFor();
    expect(await tab.overflows()).toBe(false);
    expect(tab.errors).toEqual([]);
  });
});

describe("the pages of problems", () => {
  it("are listed", async () => {
    const tab = await browser.open(`${stack.url}/docs`);
    await tab.page.getByRole("link", { name: "Problems", exact: true }).click();
    await tab.page.waitForURL("**/docs/problems");
    const links = await tab.page.locator("td a").allTextContents();
    expect(links).toEqual(problems.map(({ code }) => code));
    expect(tab.errors).toEqual([]);
  });

  it("exist for every code and fit on a phone", async () => {
    for (const { code, status, title } of problems) {
      const tab = await browser.open(`${stack.url}/docs/problems/${code}`, PHONE);
      expect(await tab.status(), code).toBe(200);
      expect(await tab.page.getByRole("heading", { level: 1 }).textContent()).toBe(title);
      expect(await tab.page.locator("p.status").textContent()).toBe(`${code}, status ${status}`);
      expect(await tab.overflows(), code).toBe(false);
      expect(tab.errors, code).toEqual([]);
    }
  });
});

describe("an error response", () => {
  it("has the address of a page as its type", async () => {
    const athlete = await Athlete.create(stack);
    const response = await athlete.request("POST", "/v1/workouts", { json: {} });
    const { type, title } = await expectProblem(response, 422);
    const tab = await browser.open(`${stack.url}${type}`);
    expect(await tab.status()).toBe(200);
    expect(await tab.page.getByRole("heading", { level: 1 }).textContent()).toBe(title);
  });
});

describe("an address without a page", () => {
  it.each(["/", "/docs/nothing", "/docs/problems/nothing", "/v1/nothing"])(
    "is a problem: %s",
    async (path) => {
      const headers = { "sec-fetch-mode": "navigate" };
      await expectProblem(await stack.request("GET", path, { headers }), 404);
    },
  );
});
