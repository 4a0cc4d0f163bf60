/** Packages of a node_modules folder, nested ones included, and what npm's own list says should be there. */
import type { FileSystem } from "../../effects/index.ts";
import { type AdoptFindings, shown } from "./adopt-findings.ts";
import type { Claim, Recognised, Walked } from "./inventory-types.ts";
import { isObject, readObject, textIn } from "./read-text.ts";

type Fs = Pick<FileSystem, "openRead">;
/** `x`, `@scope/x`, each below a further `node_modules/`, and where pnpm keeps the files its links lead to. */
const PLACE =
  /^(?:\.pnpm\/[^/]+\/node_modules\/)?((?:@[^/]+\/)?[^/@][^/]*)(?:\/node_modules\/((?:@[^/]+\/)?[^/@][^/]*))*$/;

export function nodePackages(fs: Fs, walked: Walked, findings: AdoptFindings): Recognised[] {
  const places = [...walked.files.keys()]
    .flatMap((path) => (path.endsWith("/package.json") ? [path.slice(0, -"/package.json".length)] : []))
    .filter((place) => PLACE.test(place))
    .sort();
  const claims = claimsByPlace(walked, places);
  const found = places.map((place): Recognised => {
    const metadata = packageJson(fs, walked, place, findings);
    return {
      kind: "node",
      name: textIn(metadata, "name") ?? place,
      version: textIn(metadata, "version"),
      license: textIn(metadata, "license"),
      place,
      claims: [...(claims.get(place) ?? []), ...namedByMetadata(walked, place, metadata)],
    };
  });
  checkLock(fs, walked, new Map(found.map((one) => [one.place, one])), findings);
  return found;
}

function packageJson(
  fs: Fs,
  walked: Walked,
  place: string,
  findings: AdoptFindings,
): Record<string, unknown> | undefined {
  const path = place === "" ? "package.json" : `${place}/package.json`;
  const metadata = readObject(fs, walked, path);
  if (metadata === null) findings.add("METADATA_INVALID", `${shown(path)} is not a JSON object`, { path });
  return metadata ?? undefined;
}

/** Each file belongs to the innermost package around it. */
function claimsByPlace({ files }: Walked, places: readonly string[]): Map<string, Claim[]> {
  const known = new Set(places);
  const claims = new Map<string, Claim[]>();
  for (const path of files.keys()) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const place = path.slice(0, at);
      if (!known.has(place)) continue;
      const own = claims.get(place);
      if (own === undefined) claims.set(place, [{ path }]);
      else own.push({ path });
      break;
    }
  }
  return claims;
}

/** Programs and the main file that package.json names and that are not there. */
export function namedByMetadata(
  { files, folders }: Walked,
  place: string,
  metadata: Record<string, unknown> | undefined,
): Claim[] {
  const bin = metadata?.["bin"];
  const named = [
    textIn(metadata, "main"),
    ...(isObject(bin) ? Object.keys(bin).map((key) => textIn(bin, key)) : [textIn(metadata, "bin")]),
  ];
  return named.flatMap((name): Claim[] => {
    const inside = name?.replace(/^(\.\/)+/, "").replace(/\/+$/, "") ?? "";
    if (inside === "" || inside === "." || inside.startsWith("/") || inside.split("/").includes(".."))
      return [];
    const path = place === "" ? inside : `${place}/${inside}`;
    const is_there =
      folders.has(path) ||
      ["", ".js", ".json", ".node", ".cjs", ".mjs"].some((ending) => files.has(path + ending));
    return is_there ? [] : [{ path }];
  });
}

/** `.package-lock.json`: what npm installed last, by place. */
function checkLock(
  fs: Fs,
  walked: Walked,
  found: ReadonlyMap<string, Recognised>,
  findings: AdoptFindings,
): void {
  const listed = readObject(fs, walked, ".package-lock.json")?.["packages"];
  if (!isObject(listed)) return;
  for (const [key, about] of Object.entries(listed)) {
    if (!key.startsWith("node_modules/") || !isObject(about) || about["link"] === true) continue;
    const place = key.slice("node_modules/".length);
    const version = textIn(about, "version");
    const one = found.get(place);
    if (one === undefined) {
      if (about["optional"] === true) continue;
      const message = `.package-lock.json lists ${shown(place)}, which is not there`;
      findings.add("PACKAGE_PHANTOM", message, { path: place.toWellFormed() });
    } else if (version !== null && one.version !== version) {
      const message = `${shown(place)} is ${shown(one.version ?? "without a version")}, .package-lock.json says ${shown(version)}`;
      findings.add("VERSION_MISMATCH", message, {
        path: place,
        expected: version,
        actual: one.version ?? undefined,
      });
    }
  }
}
