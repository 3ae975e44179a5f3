/** A curl command for each operation of an OpenAPI document, from its parameters and examples. */

export interface OpenApi {
  paths?: Record<string, Record<string, unknown>>;
  security?: unknown[];
  components?: { parameters?: Record<string, Parameter> };
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
  schema?: { examples?: unknown[] };
}

interface Operation {
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { content?: Record<string, MediaType> };
  security?: unknown[];
  "x-codeSamples"?: { lang: string; source: string }[];
}

interface MediaType {
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}

const METHODS = ["get", "put", "post", "patch", "delete"];

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
  const parameters = (operation.parameters ?? []).flatMap((parameter) =>
    "$ref" in parameter ? (resolve(document, parameter.$ref) ?? []) : [parameter],
  );
  const required = parameters.filter((parameter) => parameter.required);
  const query = required
    .filter((parameter) => parameter.in === "query")
    .map((parameter) => `${parameter.name}=${encodeURIComponent(example(parameter))}`);
  const options = required
    .filter((parameter) => parameter.in === "header")
    .map((parameter) => `-H ${quote(`${parameter.name}: ${example(parameter)}`)}`);
  if ((operation.security ?? document.security ?? []).length > 0) {
    options.unshift('-H "Authorization: Bearer $key"');
  }
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type && media) {
    const body = media.example ?? Object.values(media.examples ?? {})[0]?.value;
    const data =
      body === undefined
        ? "@body"
        : typeof body === "string"
          ? body
          : JSON.stringify(body, null, 2);
    options.push(`-H ${quote(`Content-Type: ${type}`)}`, `--data-binary ${quote(data)}`);
  }
  const address = query.length > 0 ? `${url}?${query.join("&")}` : url;
  const verb = method === "get" ? "" : `-X ${method.toUpperCase()} `;
  return [`curl ${verb}${quote(address)}`, ...options].join(" \\\n  ");
}

function resolve(document: OpenApi, reference: string): Parameter | undefined {
  const name = reference.replace("#/components/parameters/", "");
  return document.components?.parameters?.[name];
}

/** Returns the example of a parameter, else its name in braces. */
function example({ name, example, examples, schema }: Parameter): string {
  const value = example ?? Object.values(examples ?? {})[0]?.value ?? schema?.examples?.[0];
  return value === undefined ? `{${name}}` : String(value);
}

/** Quotes a word of a shell command. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
