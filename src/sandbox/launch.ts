/** The whole command line of one jailed program, whatever the layer. */
import { bubblewrapArgv, JAIL_TEMP, type Launch } from "./bubblewrap.ts";
import { LAUNCHER_SCRIPT } from "./launcher-script.ts";
import type { JailTools, LayerName } from "./layer.ts";
import { DEVICES } from "./view.ts";

/** Isolated: nothing of the user's or a plane's is imported by the interpreter that builds the jail. */
export const LAUNCHER_FLAGS = ["-I", "-S", "-B"] as const;

/** Landlock has no mounts of its own: its private folder is a real one, made before and removed after. */
export const needsRealTemp = (layer: LayerName): boolean => layer === "landlock";

/** `temp`: the real private folder where the layer needs one. */
export function launchArgv(tools: JailTools, launch: Launch, temp: string): string[] {
  if (tools.layer === "bubblewrap") return bubblewrapArgv(tools, launch);
  const config = JSON.stringify({
    layer: tools.layer,
    shown: launch.view.shown,
    links: launch.view.links,
    devices: DEVICES,
    temp,
    temp_bytes: launch.temp_bytes,
    cwd: launch.cwd,
    env: launch.env,
    start_mark: launch.start_mark,
  });
  return [tools.launcher, ...LAUNCHER_FLAGS, "-c", LAUNCHER_SCRIPT, config, ...launch.argv];
}

/** Where the program finds its private folder. */
export const tempInside = (layer: LayerName, temp: string): string =>
  needsRealTemp(layer) ? temp : JAIL_TEMP;
