/** The environment of an installed package, from its manifest and receipt. */
import type { Effects } from "../../effects/index.ts";
import type { Plane } from "../../plane/index.ts";
import { type Installed, tierPrefix } from "../../receipts/index.ts";
import { ensureEnvironment } from "./ensure.ts";
import type { Environment } from "./find.ts";
import { shippedWheels } from "./shipped.ts";

/** Undefined for a package that locks no wheels. @throws WHEEL_*, PYTHON_*, ENVIRONMENT_DAMAGED, ENVIRONMENT_BUSY */
export async function environmentOfPackage(
  effects: Effects,
  plane: Plane,
  { manifest, receipt }: Installed,
): Promise<Environment | undefined> {
  const { environment: lock, package_id } = manifest;
  if (lock === undefined) return undefined;
  const folder = `${plane.root}/${tierPrefix(receipt.plane_id)}`;
  return ensureEnvironment(effects, plane, {
    package_id,
    lock,
    shipped: shippedWheels(manifest, ({ path }) => `${folder}${path}`),
    content_digest: receipt.environment?.content_digest,
  });
}
