/** Values of JSON as TOML in one line. */

/** Undefined for what TOML cannot say: null, and text that is no Unicode. */
export function tomlInline(value: unknown): string | undefined {
  if (typeof value === "string") return value.isWellFormed() ? tomlText(value) : undefined;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) {
    const items = value.map(tomlInline);
    return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const members = Object.entries(value).map(([key, inner]) => {
    const text = tomlInline(inner);
    return text === undefined || !key.isWellFormed() ? undefined : `${tomlKey(key)} = ${text}`;
  });
  if (members.includes(undefined)) return undefined;
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

const tomlKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : tomlText(key));

/** JSON may hold this one as it is, TOML may not. */
const tomlText = (text: string): string => JSON.stringify(text).replaceAll("\u007f", "\\u007f");
