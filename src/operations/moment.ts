import { isRealDay } from "../kernel/index.ts";
import { make } from "./faults.ts";

const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Milliseconds of a time as people write it; UTC where it names no zone. Undefined for anything else. */
export function asMoment(text: string): number | undefined {
  const zone = TIME.exec(text);
  if (zone === null || !isRealDay(text)) return undefined;
  const needs_zone = text.includes("T") && zone[1] === undefined;
  const at_ms = Date.parse(needs_zone ? `${text}Z` : text);
  return Number.isNaN(at_ms) ? undefined : at_ms;
}

/** @throws TIME_INVALID */
export function requireMoment(field: string, value: string): number {
  const at_ms = asMoment(value);
  if (at_ms !== undefined) return at_ms;
  throw make("TIME_INVALID", `${field} is not a time: ${JSON.stringify(value)}`, { field, value });
}
