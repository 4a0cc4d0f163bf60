/** Finds the first layer that holds on this machine, for this user. A layer that was not seen to hold is never used. */
import type { Effects } from "../effects/index.ts";
import { BWRAP_PLACES } from "./bubblewrap.ts";
import { filterProgram } from "./filter-program.ts";
import { interpreterFiles } from "./interpreter-files.ts";
import {
  type BubblewrapTools,
  type JailNeeds,
  type JailSearch,
  type JailTools,
  LAYERS,
  type LayerName,
  type LayerRefusal,
} from "./layer.ts";
import { HOLES, type Prober, probe } from "./probe.ts";

/** Absolute, never searched: PATH may name a folder of a plane. */
export const PYTHON_PLACES = ["/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3"];
export const SETTING = "HOLDFAST_JAIL";

/** Verdicts of this process: what holds may differ after a reboot, an upgrade or for another user, so nothing is stored. */
const searches = new WeakMap<Effects["subprocess"], Map<string, Promise<JailSearch>>>();

/**
 * Bubblewrap, then namespaces, then Landlock. `HOLDFAST_JAIL` may name one of them, or `none`; it never adds one.
 * `python`: an interpreter outside every plane, used where none lies in a fixed place; it builds and proves jails.
 * Never throws for a layer that does not hold: the reasons are in `tried`. @throws the reason of `effects.signal`
 */
export function findJail(
  effects: JailNeeds,
  options: { readonly python?: string } = {},
): Promise<JailSearch> {
  const { host, subprocess } = effects;
  const key = JSON.stringify([
    host.uid,
    host.platform,
    host.env[SETTING],
    host.env["TMPDIR"],
    options.python,
  ]);
  const known = searches.get(subprocess) ?? new Map<string, Promise<JailSearch>>();
  searches.set(subprocess, known);
  const found = known.get(key) ?? search(effects, options.python);
  known.set(key, found);
  // A stopped search has seen nothing.
  found.catch(() => known.delete(key));
  return found;
}

async function search(effects: JailNeeds, python: string | undefined): Promise<JailSearch> {
  const tried: LayerRefusal[] = [];
  let prober: Prober | undefined;
  for (const layer of LAYERS) {
    const refused = refusedUnseen(effects, layer);
    if (refused !== undefined) {
      tried.push({ layer, reason: refused });
      continue;
    }
    prober ??= await findProber(effects, python);
    const outcome = await tryLayer(effects, layer, prober);
    effects.signal.throwIfAborted();
    if (typeof outcome !== "string") return { jail: { layer, tools: outcome }, tried };
    tried.push({ layer, reason: outcome });
  }
  return { jail: undefined, tried };
}

/** What needs no process to know. */
function refusedUnseen({ fs, host }: JailNeeds, layer: LayerName): string | undefined {
  if (host.platform !== "linux") return `needs Linux, and this is ${host.platform}`;
  const wanted = host.env[SETTING] ?? "";
  if (wanted !== "" && wanted !== layer) return `excluded by ${SETTING}=${JSON.stringify(wanted)}`;
  if (layer === "bubblewrap" && firstOf(fs, BWRAP_PLACES) === undefined)
    return `not installed in ${BWRAP_PLACES.join(", ")}`;
  return undefined;
}

async function tryLayer(
  effects: JailNeeds,
  layer: LayerName,
  prober: Prober | undefined,
): Promise<JailTools | string> {
  if (prober === undefined) return "no Python 3 outside the plane was found to prove it with";
  if (layer !== "bubblewrap") {
    const tools = { layer, launcher: prober.python };
    return (await probe(effects, tools, prober)) ?? tools;
  }
  return tryBubblewrap(effects, firstOf(effects.fs, BWRAP_PLACES) ?? "", prober);
}

/** As it is, then with what its probe asked for. */
async function tryBubblewrap(
  effects: JailNeeds,
  bwrap: string,
  prober: Prober,
): Promise<BubblewrapTools | string> {
  const filter = await filterProgram(effects, prober.python);
  if (filter === undefined) return "no filter of system calls could be made for this machine";
  let tools: BubblewrapTools = {
    layer: "bubblewrap",
    bwrap,
    python: prober.python,
    temp_bounded: true,
    filter,
  };
  for (;;) {
    const reason = await probe(effects, tools, prober);
    if (reason === undefined) return tools;
    // Bubblewrap before 0.7 cannot bound a tmpfs.
    if (reason.includes("Unknown option") && tools.temp_bounded) tools = { ...tools, temp_bounded: false };
    else if (reason === HOLES.descriptors && tools.closer === undefined)
      tools = { ...tools, closer: prober.python };
    else return reason;
  }
}

async function findProber(effects: JailNeeds, python: string | undefined): Promise<Prober | undefined> {
  const places = [...PYTHON_PLACES, ...(python === undefined ? [] : [python])];
  for (const place of places.filter((path) => firstOf(effects.fs, [path]) !== undefined)) {
    const files = await interpreterFiles(effects, place);
    if (files !== undefined) return { python: place, files };
  }
  return undefined;
}

const firstOf = (fs: Pick<Effects["fs"], "stat">, places: readonly string[]): string | undefined =>
  places.find((path) => fs.stat(path) !== undefined);
