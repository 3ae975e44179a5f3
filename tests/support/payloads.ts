import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { RUST_FORMATS } from "./contract";

/** The JSON body of a delivery. */
export interface Payload {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

const SCHEMAS = new URL("../../docs/webhooks/schemas/v1/", import.meta.url);
const EXAMPLES = new URL("../../docs/webhooks/examples/", import.meta.url);

/** The types with a schema. */
export const PAYLOAD_TYPES = readdirSync(SCHEMAS).map((file) => file.replace(/\.json$/, ""));
/** The types whose payload is a notification. */
export const NOTIFICATION_TYPES = PAYLOAD_TYPES.filter(
  (type) => example(type).data.notification_id !== undefined,
);

const validators = new Map<string, ValidateFunction>();

/** Returns the documented example of a type. */
export function example(type: string): Payload {
  return JSON.parse(readFileSync(new URL(`${type}.json`, EXAMPLES), "utf8")) as Payload;
}

/**
 * Returns the errors of a payload against its schema. A field that the schema does not name is an
 * error here, although receivers must ignore unknown fields: so the schema is complete.
 */
export function schemaErrors(payload: Payload): string[] {
  const validate = validatorOf(payload.type);
  if (!validate) {
    return [`no schema for ${payload.type}`];
  }
  validate(payload);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function validatorOf(type: string): ValidateFunction | undefined {
  if (!PAYLOAD_TYPES.includes(type)) {
    return undefined;
  }
  let validate = validators.get(type);
  if (!validate) {
    const schema: unknown = JSON.parse(readFileSync(new URL(`${type}.json`, SCHEMAS), "utf8"));
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false });
    addFormats.default(ajv);
    for (const format of RUST_FORMATS) {
      ajv.addFormat(format, { type: "number", validate: Number.isInteger });
    }
    validate = ajv.compile(closed(schema) as object);
    validators.set(type, validate);
  }
  return validate;
}

/** Returns the schema, with additional properties forbidden in each object. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(closed);
  }
  if (typeof schema !== "object" || schema === null) {
    return schema;
  }
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, closed(value)]),
  );
  const isObject = inner.type === "object" && "properties" in inner;
  return isObject ? { ...inner, additionalProperties: false } : inner;
}
