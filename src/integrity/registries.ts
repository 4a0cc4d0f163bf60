/** The six registries: each by itself, and whether its bytes are those of the last transaction. */
import type { RegistryName, RegistryState } from "../contracts/index.ts";
import { REGISTRY_NAMES } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { readGeneration, registryPath } from "../plane/index.ts";
import { checkRegistries } from "../registry/index.ts";
import type { FileReader, Reading } from "./file-reader.ts";
import type { Outcome } from "./outcome.ts";

/** These links are judged, with their consequences, by the chain. */
const JUDGED_BY_CHAIN = new Set(["source_spec_id", "framework_id"]);

/** Starts digesting them. */
export const startRegistries = (reader: FileReader, root: string): Promise<Reading[]> =>
  reader.readAll(
    REGISTRY_NAMES.map((name) => `${root}/${registryPath(name)}`),
    false,
  );

/** `readings`: of `startRegistries`. `sound`: registries of which every byte is known to be right. */
export function judgeRegistries(
  fs: FileSystem,
  root: string,
  { readings, sound }: { readonly readings: readonly Reading[]; readonly sound: ReadonlySet<RegistryName> },
  outcome: Outcome,
): RegistryState[] {
  const findings = checkRegistries(fs, `${root}/registries`, sound);
  const broken = new Set(findings.filter(({ severity }) => severity === "error").map(({ path }) => path));
  for (const finding of findings) {
    const is_link = finding.code === "REGISTRY_REFERENCE_MISSING" && JUDGED_BY_CHAIN.has(finding.field ?? "");
    // That a registry may stay empty is advice, not a matter of integrity.
    if (!is_link && finding.severity !== "info") outcome.findings.push(finding);
  }
  const generation = readGeneration(fs, root);
  // One that cannot be read has been told above; then nobody can say which were edited.
  const can_say = generation !== undefined && !readings.some((one) => typeof one === "string");
  return REGISTRY_NAMES.map((name, index): RegistryState => {
    const path = registryPath(name);
    const reading = readings[index];
    const sha256 = typeof reading === "object" ? reading.sha256 : null;
    const committed = generation?.registries[name];
    const is_edited = can_say && committed !== (sha256 ?? undefined);
    if (is_edited && sha256 !== null) {
      const message = `${path} was edited by hand since the last command that changed it`;
      const step = `Look at it; "integrity-check --record" records the edit in the ledger.`;
      outcome.find("REGISTRY_EDITED", message, step, {
        severity: "note",
        path,
        expected: committed,
        actual: sha256,
      });
    }
    return { path, valid: !broken.has(path), edited: is_edited, sha256 };
  });
}
