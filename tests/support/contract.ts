import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** The parts of a response that the document describes, in the types of any fetch. */
export interface ApiResponse {
  status: number;
  headers: { get(name: string): string | null };
  clone(): { text(): Promise<string> };
}

interface ResponseObject {
  $ref?: string;
  content?: Record<string, object>;
}

interface Operation {
  responses: Record<string, ResponseObject>;
}

/** The parts of an OpenAPI document that describe responses. */
export interface OpenApi {
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, object>; responses?: Record<string, ResponseObject> };
}

/** The path template, the method and the operation of a request. */
interface Match {
  template: string;
  method: string;
  operation: Operation;
}

const DOCUMENT_ID = "openapi.json";
const PROBLEM = "#/components/schemas/ProblemDetails";
/** Formats of the schema generator that ajv-formats does not know; `minimum` and `type` check them. */
export const RUST_FORMATS = ["uint", "uint8", "uint16", "uint32", "uint64", "int8", "int16"];

/** Checks responses against an OpenAPI document. Each schema is compiled once. */
export class Contract {
  private readonly ajv: Ajv2020;
  private readonly templates: { template: string; pattern: RegExp; parameters: number }[];
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(private readonly document: OpenApi) {
    this.ajv = new Ajv2020({
      allErrors: true,
      allowUnionTypes: true,
      strictRequired: false,
      // Schemas behind a reference have their types there.
      strictTypes: false,
    });
    addFormats.default(this.ajv);
    for (const format of RUST_FORMATS) {
      this.ajv.addFormat(format, { type: "number", validate: Number.isInteger });
    }
    this.ajv.addVocabulary(["discriminator", "example", "externalDocs"]);
    // The document is no schema: ajv only finds the schemas in it by their pointers.
    this.ajv.addVocabulary(Object.keys(document).filter((name) => name !== "externalDocs"));
    this.ajv.addSchema(document, DOCUMENT_ID);
    this.templates = Object.keys(document.paths)
      .map((template) => ({
        template,
        pattern: new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`),
        parameters: template.split("{").length - 1,
      }))
      // `/v1/workouts/events` comes before `/v1/workouts/{id}`.
      .sort((a, b) => a.parameters - b.parameters);
  }

  /** Fails unless status, content type and body are those of the request's operation. */
  async check(method: string, url: string, response: ApiResponse): Promise<void> {
    const { pathname } = new URL(url, "http://api");
    const match = this.match(method, pathname);
    if (match) {
      await this.checkOperation(match, response);
    } else if (pathname.startsWith("/v1/") && response.status >= 400) {
      const place = `${method} ${pathname}, ${response.status}`;
      await this.checkBody(place, PROBLEM, await response.clone().text());
    } else if (pathname.startsWith("/v1/") && method !== "OPTIONS") {
      throw new Error(`${method} ${pathname} is not documented, but returned ${response.status}`);
    }
  }

  private match(method: string, pathname: string): Match | undefined {
    const found = this.templates.find(({ pattern }) => pattern.test(pathname));
    const name = method === "HEAD" ? "get" : method.toLowerCase();
    const operation = found && this.document.paths[found.template]?.[name];
    return found && operation
      ? { template: found.template, method, operation: operation as Operation }
      : undefined;
  }

  private async checkOperation({ template, method, operation }: Match, response: ApiResponse) {
    const { status } = response;
    const place = `${method} ${template}, ${status}`;
    const key = [`${status}`, `${Math.floor(status / 100)}XX`, "default"].find(
      (name) => name in operation.responses,
    );
    if (key === undefined) {
      const documented = Object.keys(operation.responses).join(", ");
      throw new Error(`${place}: the documented statuses are ${documented}`);
    }
    const { pointer, content } = this.resolve(template, method, key, operation);
    const type = response.headers.get("content-type")?.split(";")[0]?.trim();
    if (content === undefined || method === "HEAD") {
      if (type !== undefined && method !== "HEAD") {
        throw new Error(`${place}: ${type} where no body is documented`);
      }
    } else if (type === undefined || !(type in content)) {
      const documented = Object.keys(content).join(", ");
      throw new Error(`${place}: the content type is ${type}, documented is ${documented}`);
    } else if (type.endsWith("json")) {
      const schema = `${pointer}/content/${escaped(type)}/schema`;
      await this.checkBody(place, schema, await response.clone().text());
    }
  }

  /** Returns the pointer to a response object and its content, after its `$ref`. */
  private resolve(template: string, method: string, key: string, { responses }: Operation) {
    const name = method === "HEAD" ? "get" : method.toLowerCase();
    const response = responses[key];
    const reference = response?.$ref?.split("/").at(-1);
    return reference === undefined
      ? {
          pointer: `#/paths/${escaped(template)}/${name}/responses/${key}`,
          content: response?.content,
        }
      : {
          pointer: `#/components/responses/${reference}`,
          content: this.document.components.responses?.[reference]?.content,
        };
  }

  private async checkBody(place: string, pointer: string, text: string) {
    const validate = this.validator(pointer);
    if (!validate(JSON.parse(text))) {
      const [error] = validate.errors ?? [];
      const more = (validate.errors?.length ?? 1) - 1;
      throw new Error(
        `${place}: the body at "${error?.instancePath}" ${error?.message} (${error?.schemaPath}` +
          `${more > 0 ? `; ${more} more` : ""}): ${text.slice(0, 500)}`,
      );
    }
  }

  private validator(pointer: string): ValidateFunction {
    let validate = this.validators.get(pointer);
    if (!validate) {
      // A field that the schema does not name is an error here, although clients must ignore it.
      const schema = { $ref: `${DOCUMENT_ID}${pointer}`, unevaluatedProperties: false };
      validate = this.ajv.compile(schema);
      this.validators.set(pointer, validate);
    }
    return validate;
  }
}

/** Returns a name as a part of a JSON pointer in a URI. */
function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
}

let published: Contract | undefined;

/** The contract of `docs/reference/openapi.json`. */
export function contract(): Contract {
  const file = new URL("../../docs/reference/openapi.json", import.meta.url);
  published ??= new Contract(JSON.parse(readFileSync(file, "utf8")));
  return published;
}
