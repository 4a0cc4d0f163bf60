/** The whole command line of one jailed program, whatever the layer. */
import type { FileSystem } from "../effects/index.ts";
import { bubblewrapArgv, JAIL_TEMP, type Launch } from "./bubblewrap.ts";
import { LAUNCHER_SCRIPT } from "./launcher-script.ts";
import type { JailTools, LayerName } from "./layer.ts";
import { OPENING_SCRIPT } from "./opening-script.ts";
import type { Openings } from "./openings.ts";
import { DEVICES } from "./view.ts";

/** Isolated: nothing of the user's or a plane's is imported by the interpreter that builds the jail. */
export const LAUNCHER_FLAGS = ["-I", "-S", "-B"] as const;

/**
 * Made before and removed after: Landlock has no mounts of its own, so the program's private folder is a real one;
 * bubblewrap reads its filter from a file there, which the program does not see.
 */
export const needsRealTemp = (layer: LayerName): boolean => layer !== "namespaces";

/** `temp`: the real private folder where the layer needs one; filled by `furnishTemp`. */
export function launchArgv(tools: JailTools, launch: Launch, temp: string, openings: Openings): string[] {
  const argv = jailArgv(tools, launch, temp);
  if (openings.closed.length === 0) return argv;
  return [pythonOf(tools), ...LAUNCHER_FLAGS, "-c", OPENING_SCRIPT, JSON.stringify(openings), ...argv];
}

/** The interpreter that drives the layer, or makes the way to it. */
export const pythonOf = (tools: JailTools): string =>
  tools.layer === "bubblewrap" ? tools.python : tools.launcher;

function jailArgv(tools: JailTools, launch: Launch, temp: string): string[] {
  if (tools.layer === "bubblewrap") return bubblewrapArgv(tools, launch, filterPath(temp));
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

/** Puts what the layer itself reads into its real private folder. Undone by `clearTemp`. */
export function furnishTemp(fs: FileSystem, tools: JailTools, temp: string): void {
  if (tools.layer !== "bubblewrap") return;
  const file = fs.openWrite(filterPath(temp), { mode: 0o600, how: "exclusive" });
  try {
    file.write(tools.filter);
  } finally {
    file.close();
  }
}

export function clearTemp(fs: FileSystem, tools: JailTools, temp: string): void {
  if (tools.layer === "bubblewrap" && fs.stat(filterPath(temp)) !== undefined) fs.remove(filterPath(temp));
}

const filterPath = (temp: string): string => `${temp}/system-call-filter`;

/** Where the program finds its private folder. */
export const tempInside = (layer: LayerName, temp: string): string =>
  layer === "landlock" ? temp : JAIL_TEMP;
