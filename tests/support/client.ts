import createClient, { type Client } from "openapi-fetch";
import type { Writable } from "openapi-typescript-helpers";
import type { components, paths } from "./generated/api";

/** The models of the API by name, such as `Schemas["Workout"]`. */
export type Schemas = components["schemas"];
/** A model as requests have it: without the fields that only the server sets. */
export type RequestBody<Name extends keyof Schemas> = Writable<Schemas[Name]>;
export type Problem = Schemas["ProblemDetails"];

/**
 * A client with the types of `docs/reference/openapi.json`. A call returns `data` or `error`:
 * `const { data, error, response } = await api.POST("/v1/workouts", { body });`
 */
export type ApiClient = Client<paths>;

interface Result {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** Returns a client for the API at an origin, with an athlete's key or an operator token. */
export function createApiClient(
  origin: string,
  token?: string,
  fetch: (request: Request) => Promise<Response> = globalThis.fetch,
): ApiClient {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return createClient<paths>({ baseUrl: origin, fetch, headers });
}

/** Returns the body of a successful response. A problem is an error with its text. */
export async function ok<R extends Result>(
  call: Promise<R>,
): Promise<Exclude<R["data"], undefined>> {
  const { data, error, response } = await call;
  if (!response.ok) {
    throw new Error(`${response.status} from ${response.url}: ${JSON.stringify(error)}`);
  }
  return data as Exclude<R["data"], undefined>;
}

/** Returns the problem of a rejected call. Any other status or code is an error. */
export async function rejected(
  call: Promise<Result>,
  status: number,
  code?: Problem["code"],
): Promise<Problem> {
  const { data, error, response } = await call;
  const problem = error as Problem | undefined;
  if (response.status !== status || (code !== undefined && problem?.code !== code)) {
    const expected = code === undefined ? status : `${status} ${code}`;
    const body = JSON.stringify(error ?? data);
    throw new Error(`${response.status} from ${response.url}, not ${expected}: ${body}`);
  }
  return problem as Problem;
}

/** Returns the parameters of a call that may be repeated without a second effect. */
export function idempotent(key: string) {
  return { header: { "Idempotency-Key": key } };
}
