/** `trace --verify`: one integrity report and the receipts, judged. */
import type { VerifyTrace } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { judgeIntegrity } from "./judge-integrity.ts";
import type { TraceOptions } from "./options.ts";
import { hasParity } from "./receipts.ts";
import { Sight } from "./sight.ts";

export async function verifyPlane(
  effects: Effects,
  plane: Plane,
  options: TraceOptions = {},
): Promise<VerifyTrace> {
  // Loaded here alone: no other trace needs the room, and its schemas cost start-up time.
  const { checkIntegrity } = await import("../integrity/index.ts");
  const report = await checkIntegrity(effects, plane, { orphans: false, ...options });
  const sight = new Sight(effects, plane);
  const kernels = [
    ...new Set(
      sight.installed.map(({ receipt }) => receipt.package_id).filter((id) => id.includes("KERNEL")),
    ),
  ];
  const without_parity = kernels.filter((id) => !hasParity(id, sight.installedAs(id)));
  return judgeIntegrity(report, { kernels, without_parity });
}
