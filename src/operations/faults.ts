import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: operationFaults, make } = defineFaults({
  INPUT_MISSING: kind<{ field: string; command: string }>(
    2,
    (d) => `Run "${d.command} --help" to see what it needs.`,
  ),
  EVENT_RESERVED: kind<{ event: string }>(3, (d) => `Choose a name of your own, such as "site.${d.event}".`),
  INDEX_UNAVAILABLE: kind<{ path: string }>(
    5,
    () =>
      `Make .holdfast/cache writable for this user, or go on without: every answer comes from the files then.`,
  ),
  ID_UNKNOWN: kind<{ id: string; near: readonly string[] }>(1, (d) =>
    d.near.length === 0 ? `Run "pkg list" to see what is known.` : `Try "pkg info ${d.near[0]}".`,
  ),
});
