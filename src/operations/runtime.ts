/** What packages run on and are checked with, looked up only when a package asks. */
import { installedHeads } from "../index-db/index.ts";
import {
  API_VERSION,
  type HealthOptions,
  type InstallRequest,
  isApproved,
  type Runtime,
} from "../lifecycle/index.ts";
import { absolute, type Plane, reading } from "../plane/index.ts";
import { findPython } from "../python/index.ts";
import type { Context } from "./define.ts";

export async function runtimeOf({ effects, version }: Context, needs_python: boolean): Promise<Runtime> {
  const python = needs_python ? (await findPython(effects, {})).version : undefined;
  return { host: version, api: API_VERSION, node: effects.host.node_version, python };
}

export function healthOptions({ effects, files }: Context, plane: Plane): HealthOptions {
  return {
    interpreters: async () => {
      const { executable } = await findPython(effects, {});
      return { python: executable, node: files.node };
    },
    approval_accepts_no_jail: () => isApproved(effects, plane, "health-without-jail"),
  };
}

/** `folder`: as the user named it, from where the command runs. */
export const wheelOptions = (
  { effects }: Context,
  folder: string | undefined,
): InstallRequest["environments"] => ({
  wheel_directories: folder === undefined ? [] : [absolute(effects.host.cwd, folder)],
});

export const installedIdsOf = async ({ effects }: Context, plane: Plane): Promise<string[]> => {
  const heads = await reading(effects, plane, async () => installedHeads(effects, plane.root));
  return [...new Set(heads.map(({ package_id }) => package_id))];
};
