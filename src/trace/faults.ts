import { defineFaults, kind } from "../kernel/index.ts";

export const { make, catalogue: traceFaults } = defineFaults({
  TRACE_SUBJECT_UNKNOWN: kind<{ subject: string; near: readonly string[] }>(1, ({ near: [first] }) =>
    first === undefined
      ? `Run "trace --inventory" to see what is there.`
      : `Run the same command with ${first}, or "trace --explain ${first}".`,
  ),
  TRACE_TIME_INVALID: kind<{ time: string }>(
    2,
    () =>
      `Write a time such as 2026-03-01 or 2026-03-01T10:00:00Z, or the id of an entry of the package ledger.`,
  ),
  TRACE_VERSION_ABSENT: kind<{ package_id: string; version: string; known: readonly string[] }>(
    1,
    ({ package_id, known }) =>
      known.length === 0
        ? `Put its archives into packages_store/, or run "trace --explain ${package_id}".`
        : `Choose from ${known.join(", ")}; "trace --explain ${package_id}" tells more.`,
  ),
  TRACE_TIME_MISPLACED: kind<{ subject: string }>(
    2,
    () => `Use --at with a package, a path, --who, --why or --impact, or alone.`,
  ),
  TRACE_NO_DIAGRAM: kind<{ type: string }>(
    2,
    () =>
      `Run "trace --mermaid" for the whole plane, or --why, --who, --impact or --explain PACKAGE with it.`,
  ),
});
