/** Lists in which nothing may stand twice: the second would be found by nobody. Health checks see to their own. Pure. */
import type { Problem } from "../problems.ts";
import { type Listed, listOf, memberOf, type Section, textsOf } from "./section.ts";

export function checkDuplicates({ raw }: Section): Problem[] {
  const files = memberOf(raw["permissions"], "files");
  return [
    ...repeats("/plugin/actions", listOf(raw, "actions"), "id"),
    ...repeats("/plugin/probes", listOf(raw, "probes"), "id"),
    ...repeats("/plugin/elevated", listOf(raw, "elevated"), "permission"),
    ...repeats("/plugin/capability", listOf(raw, "capability")),
    ...repeats("/plugin/requires", listOf(raw, "requires")),
    ...["read", "write", "execute", "forbidden"].flatMap((verb) =>
      repeats(`/plugin/permissions/files/${verb}`, listOf(files, verb)),
    ),
    ...["network", "environment", "tools"].flatMap((name) =>
      repeats(`/plugin/permissions/${name}`, listOf(raw["permissions"], name)),
    ),
    ...listOf(raw, "actions").flatMap((action, index) =>
      repeats(`/plugin/actions/${index}/permissions`, listOf(action, "permissions")),
    ),
  ];
}

/** The checks of the package and of its plugin run together, so no two have one id. */
export function checkHealthIds(metadata: Readonly<Record<string, unknown>>): Problem[] {
  const own = new Set(idsOf(metadata["health"]).map(({ value }) => value));
  return idsOf(memberOf(metadata["plugin"], "health"))
    .filter(({ value }) => own.has(value))
    .map(({ index, value }) => ({
      code: "METADATA_DUPLICATE",
      message: `repeats ${JSON.stringify(value)} of the package's own health checks`,
      pointer: `/plugin/health/checks/${index}/id`,
    }));
}

const idsOf = (health: unknown): Listed<string>[] =>
  textsOf(listOf(health, "checks").map((check) => memberOf(check, "id")));

/** `key`: the member that tells the elements apart; without it the elements are texts themselves. */
function repeats(pointer: string, list: readonly unknown[], key?: string): Problem[] {
  const seen = new Set<string>();
  const texts = textsOf(key === undefined ? list : list.map((item) => memberOf(item, key)));
  return texts.flatMap(({ index, value }): Problem[] => {
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    const at = `${pointer}/${index}${key === undefined ? "" : `/${key}`}`;
    const message = `repeats ${JSON.stringify(value)}, which stands before it in the list`;
    return [{ code: "METADATA_DUPLICATE", message, pointer: at }];
  });
}
