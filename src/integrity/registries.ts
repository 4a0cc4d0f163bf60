/** The six registries: each by itself, and whether its bytes are those of the last transaction. */
import type { Finding, RegistryName, RegistryState, Row } from "../contracts/index.ts";
import { REGISTRY_NAMES } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { checkPackagesState, checkRegistries } from "../registry/index.ts";
import { type FileReader, type Reading, readingAt } from "./file-reader.ts";
import type { judgeGeneration } from "./generation-record.ts";
import type { Outcome } from "./outcome.ts";
import type { KnownRegistries } from "./recall.ts";

/** These links are judged, with their consequences, by the chain. */
const JUDGED_BY_CHAIN = new Set(["source_spec_id", "framework_id"]);

/** Together so large that a thread is worth while. */
const HEAVY_BYTES = 8 << 20;

/** Starts digesting them. */
export function startRegistries(
  { fs, reader }: { readonly fs: FileSystem; readonly reader: FileReader },
  root: string,
): { readonly finish: () => Promise<Reading[]> } {
  const paths = REGISTRY_NAMES.map((name) => `${root}/${registryPath(name)}`);
  const size_bytes = paths.reduce((sum, path) => sum + (fs.stat(path)?.size_bytes ?? 0), 0);
  const under_way = reader.start(paths, { counts: false, is_heavy: size_bytes > HEAVY_BYTES });
  return {
    finish: async () => {
      const read = await under_way.finish();
      return paths.map((_, index) => readingAt(read, index));
    },
  };
}

/** `readings`: of `startRegistries`. `sound`: registries of which every byte is known to be right. */
export function judgeRegistries(
  fs: FileSystem,
  root: string,
  {
    readings,
    sound,
    known,
    packages,
    committed,
  }: {
    readonly readings: readonly Reading[];
    readonly sound: ReadonlySet<RegistryName>;
    readonly known: KnownRegistries | undefined;
    /** Rows of packages_registry. */
    readonly packages: readonly Row[];
    /** Of `judgeGeneration`. */
    readonly committed: ReturnType<typeof judgeGeneration>;
  },
  outcome: Outcome,
): { readonly states: RegistryState[]; readonly findings: readonly Finding[] } {
  const directory = `${root}/registries`;
  const findings =
    known === undefined
      ? checkRegistries(fs, directory, sound)
      : [
          ...known.findings,
          ...(known.wants_state
            ? checkPackagesState(fs, directory, new Set(packages.map(({ id = "" }) => id)))
            : []),
        ].sort((a, b) => compareCodePoints(a.path ?? "", b.path ?? ""));
  const broken = new Set(findings.filter(({ severity }) => severity === "error").map(({ path }) => path));
  for (const finding of findings) {
    const is_link = finding.code === "REGISTRY_REFERENCE_MISSING" && JUDGED_BY_CHAIN.has(finding.field ?? "");
    // That a registry may stay empty is advice, not a matter of integrity.
    if (!is_link && finding.severity !== "info") outcome.findings.push({ ...finding });
  }
  // One that cannot be read has been told above; then nobody can say which were edited.
  const is_readable = !readings.some((one) => typeof one === "string");
  const states = REGISTRY_NAMES.map((name, index): RegistryState => {
    const path = registryPath(name);
    const reading = readings[index];
    const sha256 = typeof reading === "object" ? reading.sha256 : null;
    const expected = committed.known.get(name);
    const can_say = is_readable && (committed.is_recorded || expected !== undefined);
    const is_edited = can_say && expected !== (sha256 ?? undefined);
    if (is_edited && sha256 !== null) {
      const message = `${path} was edited by hand since the last command that changed it`;
      const step = `Look at it; "integrity-check --record" records the edit in the ledger.`;
      outcome.find("REGISTRY_EDITED", message, step, {
        severity: "note",
        path,
        expected,
        actual: sha256,
      });
    }
    return { path, valid: !broken.has(path), edited: is_edited, sha256 };
  });
  return { states, findings };
}
