/** What can be said of a plugin section without a plane. Pure. */
import { type Manifest, type PackedPlugin, PLANE_CAPABILITIES } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";
import { checkElevations } from "./permissions.ts";

type Subject = Pick<Manifest, "package_id" | "plugin">;

/** Every problem of the plugin section that no other plane would lift. Empty for a package that is no plugin. */
export function checkPlugin({ package_id, plugin }: Subject, judged?: string): Fault[] {
  if (plugin === undefined) return [];
  return [...checkCapabilities(package_id, plugin, judged), ...checkElevations(package_id, plugin, judged)];
}

function checkCapabilities(package_id: string, { requires }: PackedPlugin, judged?: string): Fault[] {
  const offered: readonly string[] = PLANE_CAPABILITIES;
  return requires.flatMap((capability, index) =>
    offered.includes(capability)
      ? []
      : [
          make(
            "PLANE_CAPABILITY_MISSING",
            `${package_id} requires ${JSON.stringify(capability)} of the plane, which offers ${offered.join(", ")}`,
            { package_id, field: `/plugin/requires/${index}`, capability, offered, judged },
          ),
        ],
  );
}
