/**
 * What varies between two runs of the same life and may: replaced by its name before anything is compared. Each rule is declared
 * here or in the scenario; nothing else is forgiven.
 */
import type { Scenario } from "../contracts/index.ts";
import { sortedBy } from "../kernel/index.ts";
import { isRecord } from "./json-match.ts";
import type { World } from "./world/world.ts";

interface TextRule {
  readonly pattern: RegExp;
  readonly with: string;
}

/** Numbers that are made anew each time, wherever they stand in a text. */
const TEXT_RULES: readonly TextRule[] = [
  { pattern: /\b(LED|RUN)-[0-9a-f]{32}/g, with: "$1-…" },
  { pattern: /\bSES-\d{8}-[0-9a-f]{8}\b/g, with: "SES-…" },
  { pattern: /\bTX-[0-9TZ]+-[0-9a-f]{16}/g, with: "TX-…" },
  // What a ledger was when something was written down: its hash holds ids and times, and each plane signs with keys of its own.
  {
    pattern: /(\n|\\n)[A-Za-z0-9+/]{43}=(\n\n|\\n\\n)— plane-[0-9a-f]{12}-ledger [A-Za-z0-9+/]+={0,2}/g,
    with: "$1<root>$2— <signature>",
  },
  { pattern: /("entry_hash": ?")[0-9a-f]{64}"/g, with: '$1<hash>"' },
  { pattern: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/g, with: "<time>" },
];

/** Fields whose number depends on the machine and its load. */
const MEASURED = /(_ms|_at_s|^pid|^peak_memory_bytes|^memory_measured|^cpu_measured|^size_on_disk_bytes)$/;

export type Normalise = (value: unknown) => unknown;

/** @param scenario rules of its own: by pointer into the value, or by pattern in any text */
export function normaliserOf(
  { folder, place, plane_uid, secrets }: Pick<World, "folder" | "place" | "plane_uid" | "secrets">,
  { normalise }: Pick<Scenario, "normalise">,
): Normalise {
  const texts: TextRule[] = [
    ...normalise.flatMap(({ pattern, with: replacement }) =>
      pattern === undefined ? [] : [{ pattern: new RegExp(pattern, "gu"), with: replacement }],
    ),
    ...TEXT_RULES,
  ];
  const pointers = new Map(
    normalise.flatMap(({ pointer, with: replacement }) =>
      pointer === undefined ? [] : [[pointer, replacement] as const],
    ),
  );
  const names = namesIn({ folder, place, plane_uid, secrets });
  const textOf = (text: string): string =>
    texts.reduce(
      (so_far, rule) => so_far.replaceAll(rule.pattern, rule.with),
      names.reduce((so_far, [value, name]) => so_far.replaceAll(value, name), text),
    );
  const walk = (value: unknown, pointer: string): unknown => {
    const replaced = pointers.get(pointer);
    if (replaced !== undefined) return replaced;
    if (typeof value === "string") return textOf(value);
    if (Array.isArray(value)) return value.map((one, index) => walk(one, `${pointer}/${index}`));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      sortedBy(Object.entries(value), ([key]) => key).map(([key, one]) => [
        textOf(key),
        typeof one === "number" && MEASURED.test(key) ? `<${key}>` : walk(one, `${pointer}/${key}`),
      ]),
    );
  };
  return (value) => walk(value, "");
}

type Named = Pick<World, "folder" | "place" | "plane_uid" | "secrets">;

/** A report is kept and shown around: what a plugin let out of a secret stands nowhere in it. */
const namesIn = ({ folder, place, plane_uid, secrets }: Named): (readonly [string, string])[] => [
  ...secrets.map((secret) => [secret, "<secret>"] as const),
  [place.root, "<plane>"],
  [folder, "<world>"],
  [plane_uid, "<plane_uid>"],
];

/** Every text of a value, keys too, without secrets and without where this world lies; nothing else of it changes. */
export function redactorOf(world: Named): Normalise {
  const names = namesIn(world);
  const walk = (value: unknown): unknown => {
    if (typeof value === "string")
      return names.reduce((text, [name, word]) => text.replaceAll(name, word), value);
    if (Array.isArray(value)) return value.map(walk);
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [String(walk(key)), walk(one)]));
  };
  return walk;
}
