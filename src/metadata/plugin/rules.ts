/** Every rule of a plugin section beyond the shapes of its fields. Pointers are those of the metadata: `/plugin/…`. */
import type { Problem } from "../problems.ts";
import {
  checkActionPermissions,
  checkCapability,
  checkLater,
  checkProbeActions,
  checkTurns,
} from "./agreement.ts";
import { checkDuplicates, checkHealthIds } from "./duplicates.ts";
import { checkEntrypoint, type LookAt } from "./entrypoint.ts";
import { checkSchemas } from "./schemas.ts";
import { readSection } from "./section.ts";

/** `metadata`: as written, its shape perhaps wrong: what does not fit is left to those who judge shapes. */
export async function checkPlugin(
  metadata: Readonly<Record<string, unknown>>,
  lookAt: LookAt,
): Promise<Problem[]> {
  const section = await checkSection(metadata["plugin"], lookAt);
  return [...section, ...checkHealthIds(metadata), ...checkPackageType(metadata)];
}

async function checkSection(raw: unknown, lookAt: LookAt): Promise<Problem[]> {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return [];
  const section = readSection(raw as Record<string, unknown>);
  return [
    ...checkLater(section),
    ...checkCapability(section),
    ...checkDuplicates(section),
    ...checkEntrypoint(section, lookAt),
    ...checkActionPermissions(section),
    ...checkProbeActions(section),
    ...checkTurns(section),
    ...(await checkSchemas(section)),
  ];
}

const RUNNING = ["plugin", "agent", "gate", "tool"];

/** A library that runs code on request would be taken for one that does not. */
function checkPackageType(metadata: Readonly<Record<string, unknown>>): Problem[] {
  const { plugin, package_type } = metadata;
  if (plugin === undefined || typeof package_type !== "string" || RUNNING.includes(package_type)) return [];
  const message = `is ${package_type}, but there is a plugin section`;
  return [{ code: "PLUGIN_PACKAGE_TYPE", message, pointer: "/package_type" }];
}
