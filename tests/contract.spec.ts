import { describe, expect, it } from "vitest";
import { Contract } from "./support/contract";

const contract = new Contract({
  paths: {
    "/v1/workouts": {
      get: {
        responses: { 200: { content: { "application/json": { schema: listOf("Workout") } } } },
      },
    },
    "/v1/workouts/{id}": {
      get: {
        responses: {
          200: { content: { "application/json": { schema: reference("Workout") } } },
          "4XX": { $ref: "#/components/responses/Problem" },
        },
      },
      delete: { responses: { 204: {} } },
    },
    "/v1/workouts/events": { get: { responses: { 200: { content: { "text/csv": {} } } } } },
  },
  components: {
    responses: {
      Problem: { content: { "application/problem+json": { schema: reference("ProblemDetails") } } },
    },
    schemas: {
      ProblemDetails: {
        type: "object",
        required: ["code"],
        properties: { code: { type: "string" } },
      },
      Workout: {
        type: "object",
        required: ["id"],
        properties: { id: { type: "string", format: "uuid" }, sets: { type: "integer" } },
      },
    },
  },
});

function reference(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}

function listOf(name: string) {
  return { type: "object", properties: { items: { type: "array", items: reference(name) } } };
}

const ID = "01a20788-3c08-7252-bf90-cbf6a373a06f";

function check(
  request: string,
  status: number,
  body?: unknown,
  type = body === undefined ? undefined : "application/json; charset=utf-8",
) {
  const [method = "", path = ""] = request.split(" ");
  const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
  const text = typeof body === "string" ? body : JSON.stringify(body ?? null);
  const response = new Response(status === 204 ? null : text, { status, headers });
  return contract.check(method, path, response);
}

describe("a response", () => {
  it.each([
    { request: "GET /v1/workouts?limit=1", status: 200, body: { items: [{ id: ID }] } },
    { request: `GET /v1/workouts/${ID}`, status: 200, body: { id: ID, sets: 3 } },
    { request: `DELETE /v1/workouts/${ID}`, status: 204 },
    { request: "GET /v1/nothing", status: 404, body: { code: "not_found" } },
    { request: "PATCH /v1/workouts", status: 405, body: { code: "method_not_allowed" } },
    { request: "GET /docs", status: 200, body: "<p>", type: "text/html" },
  ])("is accepted as documented: $request", async ({ request, status, body, type }) => {
    await expect(check(request, status, body, type)).resolves.toBeUndefined();
  });

  it.each([
    {
      request: `GET /v1/workouts/${ID}`,
      status: 200,
      body: { id: ID, sets: 2.5 },
      error: 'GET /v1/workouts/{id}, 200: the body at "/sets" must be integer',
    },
    {
      request: "GET /v1/workouts",
      status: 200,
      body: { items: [{ id: ID }, { id: "1" }] },
      error: 'GET /v1/workouts, 200: the body at "/items/1/id" must match format "uuid"',
    },
    {
      request: `GET /v1/workouts/${ID}`,
      status: 200,
      body: { id: ID, reps: 3 },
      error: "must NOT have unevaluated properties",
    },
    {
      request: "GET /v1/workouts",
      status: 201,
      body: {},
      error: "GET /v1/workouts, 201: the documented statuses are 200",
    },
    {
      request: "GET /v1/workouts/events",
      status: 200,
      body: { id: ID },
      error: "the content type is application/json, documented is text/csv",
    },
    {
      request: `DELETE /v1/workouts/${ID}`,
      status: 204,
      body: "",
      type: "text/plain",
      error: "DELETE /v1/workouts/{id}, 204: text/plain where no body is documented",
    },
    {
      request: `GET /v1/workouts/${ID}`,
      status: 404,
      body: {},
      type: "application/problem+json",
      error: "must have required property 'code'",
    },
    { request: "GET /v1/nothing", status: 404, body: {}, error: "required property 'code'" },
    {
      request: "GET /v1/nothing",
      status: 200,
      body: {},
      error: "GET /v1/nothing is not documented, but returned 200",
    },
  ])("is rejected: $error", async ({ request, status, body, type, error }) => {
    await expect(check(request, status, body, type)).rejects.toThrow(error);
  });
});
