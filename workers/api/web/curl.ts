/** A curl command for each operation of an OpenAPI document, from its parameters and examples. */

export interface OpenApi {
  paths?: Record<string, Record<string, unknown>>;
  components?: { schemas?: Record<string, Schema> };
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
  schema?: Schema;
}

interface Schema {
  $ref?: string;
  enum?: unknown[];
  examples?: unknown[];
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, MediaType> };
  security?: Record<string, unknown>[];
  "x-codeSamples"?: { lang: string; source: string }[];
}

interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}

const METHODS = ["get", "put", "post", "patch", "delete"];
/** The headers that every command sends, although they are optional. */
const ALWAYS_SENT = ["Idempotency-Key"];
/** The shell variable with the token of a security scheme. */
const VARIABLES: Record<string, string> = { athlete: "key", operator: "operator_token" };

/** Adds the command to each operation that has no sample, and returns the document. */
export function addCurlSamples(document: OpenApi, origin: string): OpenApi {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method] as Operation | undefined;
      if (operation) {
        const source = curl(document, operation, method, origin + path);
        operation["x-codeSamples"] ??= [{ lang: "curl", source }];
      }
    }
  }
  return document;
}

function curl(document: OpenApi, operation: Operation, method: string, url: string): string {
  const parameters = operation.parameters ?? [];
  const value = (parameter: Parameter) => example(document, parameter);
  const query = parameters
    .filter((parameter) => parameter.in === "query" && parameter.required)
    .map((parameter) => `${parameter.name}=${encodeURIComponent(value(parameter))}`);
  const options = parameters
    .filter((parameter) => parameter.in === "header" && ALWAYS_SENT.includes(parameter.name))
    .map((parameter) => `-H ${quote(`${parameter.name}: ${value(parameter)}`)}`);
  const scheme = Object.keys(operation.security?.[0] ?? {})[0];
  if (scheme) {
    options.unshift(`-H "Authorization: Bearer $${VARIABLES[scheme] ?? scheme}"`);
  }
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type && media) {
    const body = media.example ?? firstExample(media) ?? exampleOf(document, media.schema);
    const data = typeof body === "string" ? body : JSON.stringify(body, null, 2);
    options.push(`-H ${quote(`Content-Type: ${type}`)}`, `--data-binary ${quote(data ?? "@file")}`);
  }
  const path = parameters
    .filter((parameter) => parameter.in === "path")
    .reduce((path, parameter) => path.replace(`{${parameter.name}}`, value(parameter)), url);
  const address = query.length > 0 ? `${path}?${query.join("&")}` : path;
  const verb = method === "get" ? "" : `-X ${method.toUpperCase()} `;
  return [`curl ${verb}${quote(address)}`, ...options].join(" \\\n  ");
}

/** Returns the example of a parameter, else its name in braces. */
function example(document: OpenApi, parameter: Parameter): string {
  const { name, example, schema } = parameter;
  const value = example ?? firstExample(parameter) ?? exampleOf(document, schema);
  return value === undefined ? `{${name}}` : String(value);
}

function firstExample({ examples }: Pick<MediaType, "examples">): unknown {
  return Object.values(examples ?? {})[0]?.value;
}

/** Returns the example of a schema, or of the component to which it refers. */
function exampleOf(document: OpenApi, schema: Schema | undefined): unknown {
  const component = schema?.$ref?.replace("#/components/schemas/", "") ?? "";
  const { examples, enum: values } = document.components?.schemas?.[component] ?? schema ?? {};
  return examples?.[0] ?? values?.[0];
}

/** Quotes a word of a shell command. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
