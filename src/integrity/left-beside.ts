/** Files nobody owns any more, or not yet, for a good reason: edited configuration that outlived its package, and new defaults. */
import type { FileSystem } from "../effects/index.ts";
import { classify } from "../metadata/index.ts";
import { LEFTOVERS_PATH } from "../plane/index.ts";
import type { Installed } from "../receipts/index.ts";

/** Path to the package that left or laid it. Only what is configuration or state by its name: code is never excused. */
export function leftBeside(
  fs: FileSystem,
  root: string,
  installed: readonly Installed[],
): Map<string, string> {
  const laid = installed.flatMap(({ receipt }) =>
    (receipt.new_defaults ?? []).map(({ path }) => [path, receipt.package_id] as const),
  );
  const left = Object.entries(leftovers(fs, root)).filter(([path]) =>
    ["config", "state"].includes(classify(path, undefined)),
  );
  return new Map([...left, ...laid]);
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
