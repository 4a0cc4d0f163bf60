/** Files nobody owns any more, or not yet, for a good reason: edited configuration that outlived its package, and new defaults. */
import type { FileSystem } from "../effects/index.ts";
import { prefixed } from "../kernel/index.ts";
import { classify } from "../metadata/index.ts";
import { LEFTOVERS_PATH, PACKAGES_STREAM, type Plane, planeStream } from "../plane/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import type { FileReader } from "./file-reader.ts";
import { entriesHolding } from "./package-events.ts";

/**
 * Path to the package that left or laid it. What is configuration or state by its name alone may go on being edited. Anything
 * else that a package called so is excused by the ledger, as long as it has the bytes it was left with: code never by a name.
 */
export async function leftBeside(
  { fs, reader }: { readonly fs: FileSystem; readonly reader: FileReader },
  plane: Plane,
  installed: readonly InstalledHead[],
): Promise<Map<string, string>> {
  const laid = installed.flatMap(({ receipt }) =>
    (receipt.new_defaults ?? []).map(({ path }) => [path, receipt.package_id] as const),
  );
  const known = Object.entries(leftovers(fs, plane.root));
  const by_name = known.filter(([path]) => ["config", "state"].includes(classify(path, undefined)));
  const others = known.filter((one) => !by_name.includes(one));
  return new Map([...by_name, ...(await vouched(fs, reader, plane, others)), ...laid]);
}

/** Those whose bytes the newest entry about them names. */
async function vouched(
  fs: FileSystem,
  reader: FileReader,
  plane: Plane,
  wanted: readonly (readonly [string, string])[],
): Promise<(readonly [string, string])[]> {
  if (wanted.length === 0) return [];
  const named = new Map<string, string>();
  for (const { submission_id, metadata } of entriesHolding(
    fs,
    planeStream(plane, PACKAGES_STREAM),
    `"kept_files":`,
  )) {
    const files = metadata["kept_files"];
    for (const file of Array.isArray(files) ? (files as unknown[]) : []) {
      const { path, sha256 } = (file ?? {}) as { path?: unknown; sha256?: unknown };
      if (typeof path === "string" && typeof sha256 === "string")
        named.set(`${submission_id}\0${path}`, sha256);
    }
  }
  const found = await reader.readAll(wanted.map(([path]) => `${plane.root}/${path}`));
  return wanted.filter(([path, id], index) => {
    const reading = found[index];
    return typeof reading === "object" && named.get(`${id}\0${path}`) === prefixed(reading.sha256);
  });
}

function leftovers(fs: FileSystem, root: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(fs.readText(`${root}/${LEFTOVERS_PATH}`));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    // Without it they are findings like any other unowned file.
    return {};
  }
}
