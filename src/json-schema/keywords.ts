/**
 * The keywords of draft 2020-12 that have an effect here, each with the shape of its value. What is not listed is refused:
 * a keyword that is silently ignored lets values in that its author meant to keep out.
 */
export type Shape =
  | "schema"
  | "schema_list"
  | "schema_map"
  | "names"
  | "names_map"
  | "count"
  | "number"
  | "positive"
  | "boolean"
  | "text"
  | "any"
  | "list"
  | "values"
  | "type"
  | "pattern"
  | "format"
  | "reference"
  | "secret";

export const KEYWORDS: Readonly<Record<string, Shape>> = {
  $ref: "reference",
  $defs: "schema_map",
  $comment: "text",
  type: "type",
  enum: "values",
  const: "any",
  allOf: "schema_list",
  anyOf: "schema_list",
  oneOf: "schema_list",
  not: "schema",
  if: "schema",
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: "schema",
  else: "schema",
  properties: "schema_map",
  patternProperties: "schema_map",
  additionalProperties: "schema",
  propertyNames: "schema",
  unevaluatedProperties: "schema",
  required: "names",
  dependentRequired: "names_map",
  dependentSchemas: "schema_map",
  minProperties: "count",
  maxProperties: "count",
  prefixItems: "schema_list",
  items: "schema",
  contains: "schema",
  minContains: "count",
  maxContains: "count",
  unevaluatedItems: "schema",
  minItems: "count",
  maxItems: "count",
  uniqueItems: "boolean",
  minLength: "count",
  maxLength: "count",
  pattern: "pattern",
  format: "format",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "positive",
  title: "text",
  description: "text",
  examples: "list",
  default: "any",
  deprecated: "boolean",
  readOnly: "boolean",
  writeOnly: "boolean",
  "x-secret": "secret",
};

/** Keywords of other drafts, or that reach outside, and what to do instead. */
export const REFUSED: Readonly<Record<string, string>> = {
  $id: "is refused: references are local, so a schema needs no address; remove it",
  id: "is refused: references are local, so a schema needs no address; remove it",
  $anchor: "is refused: name the place with $ref #/$defs/NAME",
  $dynamicRef: "is refused: write $ref #/$defs/NAME",
  $dynamicAnchor: "is refused: write $ref #/$defs/NAME",
  $recursiveRef: "is refused: write $ref #",
  $vocabulary: "is refused: only the vocabulary of draft 2020-12 is known",
  definitions: "is of an older draft: write $defs",
  dependencies: "is of an older draft: write dependentRequired or dependentSchemas",
  additionalItems: "is of an older draft: write prefixItems and items",
  contentEncoding: "has no effect: check the text with pattern, or leave it out",
  contentMediaType: "has no effect: check the text with pattern, or leave it out",
  contentSchema: "has no effect: check the text with pattern, or leave it out",
};

export const TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"];
