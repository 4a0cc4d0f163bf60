import { z } from "zod";
import { PackageId } from "../contracts/index.ts";
import { installedStanding, storedStanding } from "../lifecycle/index.ts";
import { reading } from "../plane/index.ts";
import { type Breakage, type Broken, whatBreaks as judge, RUNTIMES } from "../preflight/index.ts";
import { operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { asVersion, wholeVersion } from "./versions.ts";

interface Result extends Breakage {
  readonly change: Readonly<Record<string, string | readonly string[]>>;
  readonly healthy: boolean;
}

export const whatBreaks = operation({
  name: "what-breaks",
  summary: "Say which packages stop fitting if the host, the API, Python or Node changes, or packages go.",
  examples: [
    "pkg what-breaks --host 3.0.0",
    "pkg what-breaks --python 3.13 --store",
    "pkg what-breaks --remove PKG-T0-EVIDENCE-001 --json",
  ],
  authorised: false,
  input: z.strictObject({
    host: asVersion("this program"),
    api: asVersion("the plugin API"),
    python: asVersion("Python"),
    node: asVersion("Node"),
    remove: z.array(PackageId).optional().meta({ description: "Package that goes; repeat for several." }),
    store: z
      .boolean()
      .default(false)
      .meta({ description: "Look also at the newest archive of each package in the store." }),
  }),
  run: async (context, { store, remove = [], ...versions }) => {
    const named = RUNTIMES.flatMap((name) => {
      const version = versions[name];
      return version === undefined ? [] : [[name, wholeVersion(version)] as const];
    });
    if (named.length + remove.length === 0)
      throw make("INPUT_MISSING", "name what changes: --host, --api, --python, --node or --remove", {
        field: "host",
        command: "pkg what-breaks",
      });
    const { effects } = context;
    const plane = planeOf(context);
    const packages = await reading(effects, plane, async () => [
      ...installedStanding(effects, plane),
      ...(store ? storedStanding(effects, plane) : []),
    ]);
    for (const id of remove) {
      if (packages.some(({ package_id }) => package_id === id)) continue;
      throw make("ID_UNKNOWN", `${id} is not installed, so it cannot be removed`, { id, near: [] });
    }
    const breakage = judge(packages, { runtime: Object.fromEntries(named), remove });
    const change = { ...Object.fromEntries(named), ...(remove.length > 0 ? { remove } : {}) };
    const healthy = breakage.broken.length === 0;
    return { result: { change, healthy, ...breakage }, exit_code: healthy ? 0 : 1 };
  },
  text: ({ change, examined, broken }: Result) => {
    const what = Object.entries(change).map(([name, value]) => `${name} ${String(value)}`);
    return [
      ...broken.flatMap(lines),
      broken.length === 0
        ? `Nothing breaks with ${what.join(", ")}; ${examined} packages looked at.`
        : `${broken.length} of ${examined} packages break with ${what.join(", ")}.`,
      "",
    ].join("\n");
  },
});

function lines({ package_id, version, where, causes, through, next_step }: Broken): string[] {
  const head = `${package_id} ${version}${where === "store" ? " (store)" : ""}`;
  const why =
    causes.length > 0
      ? causes.map(({ field, message }) => `  ${field}: ${message}`)
      : [`  through ${through.join(", ")}`];
  return [head, ...why, `  next: ${next_step}`];
}
