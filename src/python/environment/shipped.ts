/** Wheels a package ships beside its lock. Pure. */
import type { Manifest } from "../../contracts/index.ts";
import { bare, type Fault, sameDigest } from "../../kernel/index.ts";
import { make } from "../faults.ts";

type Subject = Pick<Manifest, "package_id" | "environment" | "assets">;

/** Every file that has the name of a locked wheel and other bytes: the author hears of it before anybody installs. */
export function checkShippedWheels({ package_id, environment, assets }: Subject): Fault[] {
  return (environment?.requirements ?? []).flatMap(({ wheel, sha256 }, index): Fault[] => {
    const named = assets.filter(({ path }) => path.slice(path.lastIndexOf("/") + 1) === wheel);
    const [other] = named;
    if (other === undefined || named.some((one) => sameDigest(one.sha256, sha256))) return [];
    const details = {
      wheel,
      package_id,
      path: other.path,
      expected: bare(sha256),
      actual: bare(other.sha256),
    };
    const message = `${other.path} has sha256 ${details.actual}, ${package_id} locks ${wheel} with ${details.expected}`;
    const field = `/environment/requirements/${index}/sha256`;
    return [make("WHEEL_DIGEST_MISMATCH", message, { ...details, field })];
  });
}

/** Absolute paths of a package's files by bare digest, for those that are locked wheels. */
export function shippedWheels(
  { environment, assets }: Pick<Manifest, "environment" | "assets">,
  pathOf: (asset: Manifest["assets"][number]) => string,
): Map<string, string> {
  const locked = new Set(environment?.requirements.map(({ sha256 }) => bare(sha256)));
  return new Map(
    assets
      .filter(({ sha256 }) => locked.has(bare(sha256)))
      .map((asset) => [bare(asset.sha256), pathOf(asset)] as const),
  );
}
