/**
 * The canonical scenario: install, configure, execute, update, rollback, uninstall (seed: golden harness, point 1), for any
 * package: what is configured, asked and expected comes from its own manifest.
 */
import semver from "semver";
import type { Scenario, ScenarioPackage, ScenarioStep, SourceMetadata } from "../contracts/index.ts";
import { Expectation } from "../contracts/index.ts";
import { type Assigned, defaultSettings } from "./default-settings.ts";

export interface CanonicalSubject {
  readonly package_id: string;
  readonly version: string;
  readonly metadata: SourceMetadata;
  readonly package: ScenarioPackage;
}

/** Handles of the two versions. */
const NOW = "now";
const NEXT = "next";

/** The scenario a package has without anybody writing one. */
export function canonicalScenario(subject: CanonicalSubject, given?: Scenario): Scenario {
  const { package_id, version, metadata } = subject;
  // Where nobody says how the next version differs, it has the same bytes: an update that changes nothing but the number.
  const later = given?.packages[NEXT] ?? subject.package;
  const next = later.version ?? semver.inc(version, "patch") ?? version;
  const base: Scenario = given ?? {
    schema_version: "1.0",
    name: package_id.toLowerCase(),
    canonical: NOW,
    required: true,
    before: [],
    packages: {},
    settings: {},
    apis: [],
    configuration: [],
    inject: [],
    explained: [],
    normalise: [],
    record: false,
    steps: [],
  };
  const settings = { ...defaultSettings(metadata), ...base.settings };
  return {
    ...base,
    title: base.title ?? `Life of ${package_id}`,
    explained: [...base.explained, ...outputsOf(metadata)],
    packages: { ...base.packages, [NOW]: subject.package, [NEXT]: { ...later, version: next } },
    steps: canonicalSteps(metadata, version, next, settings),
  };
}

/** What turns of an agent declare to write is whoever asked for it; an uninstall leaves it. */
function outputsOf({ plugin }: SourceMetadata): Scenario["explained"] {
  const outputs = (plugin?.actions ?? []).flatMap(({ turn }) => turn?.outputs ?? []);
  const paths = outputs.flatMap((output) => {
    const parts = output.replaceAll(/<[^<>/]*>/g, "*").split("/");
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  });
  return [...new Set(paths)].map((path) => ({ path, why: "declared output of a turn" }));
}

const expecting = (more: Partial<Expectation>): Expectation => ({ ...Expectation.parse({}), ...more });

function canonicalSteps(
  metadata: SourceMetadata,
  version: string,
  next: string,
  settings: Assigned,
): ScenarioStep[] {
  const { plugin } = metadata;
  const namespace = plugin?.namespace;
  const runs = examplesOf(metadata);
  const standing = (state: "enabled" | "installed"): Partial<Expectation> =>
    namespace === undefined ? {} : { plugins: { [namespace]: state } };
  const used = (suffix: string): ScenarioStep[] =>
    runs.map((run, index) => ({ ...run, id: `execute${suffix}-${index + 1}` }));
  const enabling: ScenarioStep[] =
    plugin === undefined
      ? []
      : [
          {
            do: "enable",
            package: NOW,
            answer: "yes",
            approve: true,
            expect: expecting(standing("enabled")),
          },
        ];
  const configuring: ScenarioStep[] =
    Object.keys(settings).length === 0
      ? []
      : [{ do: "configure", package: NOW, settings, expect: expecting({}) }];
  return [
    { do: "preflight", package: NOW, expect: expecting({}) },
    {
      do: "install",
      packages: [NOW],
      dry_run: false,
      expect: expecting({ state: { [NOW]: version }, events: ["INSTALLED"], ...standing("installed") }),
    },
    ...enabling,
    ...configuring,
    ...used(""),
    {
      do: "update",
      packages: [NEXT],
      allow_downgrade: false,
      expect: expecting({ state: { [NOW]: next }, ...standing("enabled") }),
    },
    ...used("-updated"),
    {
      do: "rollback",
      package: NOW,
      expect: expecting({ state: { [NOW]: version }, ...standing("enabled") }),
    },
    ...used("-rolled-back"),
    {
      do: "uninstall",
      packages: [NOW],
      expect: expecting({ state: { [NOW]: "absent" }, events: ["UNINSTALLED"] }),
    },
  ];
}

/** Each example of each action, and each probe, with the answer it declares. */
export function examplesOf({ plugin }: SourceMetadata): Extract<ScenarioStep, { do: "execute" }>[] {
  if (plugin === undefined) return [];
  const examples = plugin.actions.flatMap(({ id, examples: all }) =>
    all.map(({ title, input, output }) => ({
      do: "execute" as const,
      package: NOW,
      action: id,
      input,
      ...(title === undefined ? {} : { title }),
      expect: expecting(output === undefined ? {} : { output }),
    })),
  );
  const probes = plugin.probes.map(({ id, action, input, expect }) => ({
    do: "execute" as const,
    package: NOW,
    action,
    input,
    title: `probe ${id}`,
    expect: expecting({ output: expect }),
  }));
  return [...examples, ...probes];
}
