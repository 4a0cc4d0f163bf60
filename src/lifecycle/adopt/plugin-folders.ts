/** Plugins of an agent: a folder with a manifest of one of the known forms; everything below it is the plugin's. */
import type { FileSystem } from "../../effects/index.ts";
import { type AdoptFindings, shown } from "./adopt-findings.ts";
import type { Recognised, Walked } from "./inventory-types.ts";
import { namedByMetadata } from "./node-packages.ts";
import { readObject, textIn } from "./read-text.ts";

type Fs = Pick<FileSystem, "openRead">;
/** Where a plugin says what it is, best first. */
const MANIFESTS = [
  ".claude-plugin/plugin.json",
  ".codex-plugin/plugin.json",
  "plugin.json",
  "openclaw.plugin.json",
  "gemini-extension.json",
  "manifest.json",
  "package.json",
];
/** A folder without a manifest that holds one of these runs in an agent all the same. */
const TELLTALES = ["hooks/hooks.json", ".mcp.json", "SKILL.md"];
/** A marketplace keeps its plugins at most this deep. */
const DEPTH_MAX = 3;

export function pluginFolders(fs: Fs, walked: Walked, findings: AdoptFindings): Recognised[] {
  const places = placesOf(walked);
  const claims = new Map(places.map((place): [string, string[]] => [place, []]));
  for (const path of walked.files.keys()) {
    const place = places.find((one) => one === "" || path.startsWith(`${one}/`));
    if (place !== undefined) claims.get(place)?.push(path);
  }
  return places.map((place) => readOne(fs, walked, place, claims.get(place) ?? [], findings));
}

/** Outermost folders that look like plugins; what lies in one is no plugin of its own. */
function placesOf({ files }: Walked): string[] {
  const candidates = new Set<string>();
  for (const path of files.keys()) {
    for (const name of [...MANIFESTS, ...TELLTALES]) {
      if (path !== name && !path.endsWith(`/${name}`)) continue;
      const place = path.slice(0, Math.max(0, path.length - name.length - 1));
      if (place === "" || place.split("/").length <= DEPTH_MAX) candidates.add(place);
    }
  }
  // `x/.claude-plugin` is no plugin because its plugin.json lies in it.
  const places = [...candidates].filter((place) => !/(^|\/)\.(claude|codex)-plugin$/.test(place)).sort();
  return places.filter(
    (place) => !places.some((outer) => outer !== place && (outer === "" || place.startsWith(`${outer}/`))),
  );
}

function readOne(
  fs: Fs,
  walked: Walked,
  place: string,
  claimed: readonly string[],
  findings: AdoptFindings,
): Recognised {
  const at = (name: string): string => (place === "" ? name : `${place}/${name}`);
  const path = MANIFESTS.map(at).find((one) => walked.files.has(one));
  const metadata = path === undefined ? undefined : readObject(fs, walked, path);
  if (path !== undefined && metadata === null)
    findings.add("METADATA_INVALID", `${shown(path)} is not a JSON object`, { path });
  const folder = place === "" ? walked.folder : place;
  const is_node = path?.endsWith("package.json") === true;
  return {
    kind: "plugin",
    name: textIn(metadata, "name") ?? folder.slice(folder.lastIndexOf("/") + 1),
    version: textIn(metadata, "version"),
    license: textIn(metadata, "license"),
    place,
    claims: [
      ...claimed.map((one) => ({ path: one })),
      ...(is_node ? namedByMetadata(walked, place, metadata ?? undefined) : []),
    ],
  };
}
