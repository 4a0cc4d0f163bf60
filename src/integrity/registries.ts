/** The six registries: each by itself, and whether its bytes are those of the last transaction. */
import type { RegistryName, RegistryState } from "../contracts/index.ts";
import { REGISTRY_NAMES } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { digestOf, editedRegistries, readGeneration, registryPath } from "../plane/index.ts";
import { checkRegistries } from "../registry/index.ts";
import type { Outcome } from "./outcome.ts";

/** These links are judged, with their consequences, by the chain. */
const JUDGED_BY_CHAIN = new Set(["source_spec_id", "framework_id"]);

/** `sound`: registries of which every byte is known to be right. */
export function judgeRegistries(
  fs: FileSystem,
  root: string,
  sound: ReadonlySet<RegistryName>,
  outcome: Outcome,
): RegistryState[] {
  const findings = checkRegistries(fs, `${root}/registries`, sound);
  const broken = new Set(findings.filter(({ severity }) => severity === "error").map(({ path }) => path));
  for (const finding of findings) {
    const is_link = finding.code === "REGISTRY_REFERENCE_MISSING" && JUDGED_BY_CHAIN.has(finding.field ?? "");
    // That a registry may stay empty is advice, not a matter of integrity.
    if (!is_link && finding.severity !== "info") outcome.findings.push(finding);
  }
  // One that cannot be read has been told above; then nobody can say which were edited.
  const all_edited = whereReadable(() => editedRegistries(fs, root)) ?? [];
  const edited = new Map(all_edited.map((entry) => [entry.name, entry]));
  const has_generation = readGeneration(fs, root) !== undefined;
  return REGISTRY_NAMES.map((name): RegistryState => {
    const path = registryPath(name);
    const edit = edited.get(name);
    const sha256 =
      (edit === undefined ? whereReadable(() => digestOf(fs, `${root}/${path}`)) : edit.found) ?? null;
    const is_edited = edit !== undefined && has_generation;
    if (is_edited && sha256 !== null) {
      const message = `${path} was edited by hand since the last command that changed it`;
      const step = `Look at it; "integrity-check --record" records the edit in the ledger.`;
      outcome.find("REGISTRY_EDITED", message, step, {
        severity: "note",
        path,
        expected: edit?.committed,
        actual: sha256,
      });
    }
    return { path, valid: !broken.has(path), edited: is_edited, sha256 };
  });
}

/** Undefined where the system refuses to read. */
function whereReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== "string" || error instanceof Fault) throw error;
    return undefined;
  }
}
