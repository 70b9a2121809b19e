import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
const validators = new Map<string, ValidateFunction>();

/**
 * problemsOf says where a value is not as its schema says. A field that the schema does not name is one: a contract lets
 * servers add some, and its own server describes all.
 */
export function problemsOf(schema: object, value: unknown): string[] {
  const name = JSON.stringify(schema);
  let validate = validators.get(name);
  if (validate === undefined) validators.set(name, (validate = ajv.compile(closed(JSON.parse(name)) as object)));
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** A schema whose objects have the fields that it names and no others. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  return "properties" in inner && !("additionalProperties" in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}
