/** Proves a layer on this machine before it is used: everything it promises to prevent is tried behind it. */
import type { FileSystem } from "../effects/index.ts";
import { cleanEnvironment, TOOL_ENVIRONMENT } from "./environment.ts";
import { furnishTemp, LAUNCHER_FLAGS, launchArgv, needsRealTemp, tempInside } from "./launch.ts";
import type { JailNeeds, JailTools } from "./layer.ts";
import { lastWords } from "./printable.ts";
import { makePrivateTemp } from "./private-temp.ts";
import { PROBE_INNER, PROBE_OUTER } from "./probe-script.ts";
import { viewOf } from "./view.ts";

const TIMEOUT_MS = 20_000;
/** Everything of a probe belongs to this user. */
const NO_OPENINGS = { closed: [], paths: [] };
const REASON_CHARACTERS = 160;

/** A Python from outside every plane, with the files it needs. */
export interface Prober {
  readonly python: string;
  readonly files: readonly string[];
}

/** Words of the inner program, each the sign of a hole. */
export const HOLES = {
  secret: "a private file of another folder could be read",
  listed: "a private folder could be listed",
  plane: "a file of the plane could be changed",
  tcp: "a connection could be made",
  network: "a packet could be sent",
  socket: "a socket could be made",
  kernel: "a setting of the kernel could be opened for writing",
  descriptors: "a descriptor of the caller was open",
  setuid: "a program could gain rights",
  unreadable: "the plane could not be read",
} as const;

/** Undefined when the layer holds; else why it is not used, continuing "bubblewrap: ". */
export async function probe(
  effects: JailNeeds,
  tools: JailTools,
  prober: Prober,
): Promise<string | undefined> {
  const private_temp = await makePrivateTemp(effects);
  const folder = private_temp.path;
  try {
    const { plane, home, outside } = layOut(effects.fs, folder);
    const before = fingerprint(effects.fs, folder);
    const temp = `${folder}/temp`;
    const inner = [...LAUNCHER_FLAGS, "-c", PROBE_INNER, `${home}/secret`, outside, plane];
    const launch = {
      argv: [prober.python, ...inner],
      cwd: plane,
      env: cleanEnvironment(tempInside(tools.layer, temp), {}),
      view: viewOf(effects.fs, [plane, ...prober.files], [home, outside]),
      temp_bytes: 1 << 20,
      start_mark: "started",
    };
    const { stdout, exit_code, stderr, timed_out } = await effects.subprocess.run({
      argv: [
        prober.python,
        ...LAUNCHER_FLAGS,
        "-c",
        PROBE_OUTER,
        ...launchArgv(tools, launch, temp, NO_OPENINGS),
      ],
      cwd: "/",
      env: TOOL_ENVIRONMENT,
      limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: 1 << 16 },
      signal: effects.signal,
    });
    if (timed_out) return `its probe did not end within ${TIMEOUT_MS / 1000} s`;
    if (exit_code !== 0) return `its probe could not run: ${lastWords(stderr, REASON_CHARACTERS)}`;
    const hole = holeIn(JSON.parse(stdout.toString("utf8")) as Observed);
    return hole ?? (fingerprint(effects.fs, folder) === before ? undefined : HOLES.plane);
  } catch (error) {
    return `its probe could not run: ${lastWords(error instanceof Error ? error.message : String(error), REASON_CHARACTERS)}`;
  } finally {
    await private_temp.remove();
  }

  function layOut(fs: FileSystem, root: string): { plane: string; home: string; outside: string } {
    const places = { plane: `${root}/plane`, home: `${root}/home`, outside: `${root}/outside` };
    fs.makeDirectory(places.plane, 0o755);
    fs.makeDirectory(places.home, 0o700);
    fs.makeDirectory(places.outside, 0o777);
    if (needsRealTemp(tools.layer)) {
      fs.makeDirectory(`${root}/temp`, 0o700);
      furnishTemp(fs, tools, `${root}/temp`);
    }
    write(fs, `${places.plane}/file`, "governed");
    write(fs, `${places.home}/secret`, "secret");
    return places;
  }
}

interface Observed {
  readonly exit_code: number;
  readonly said: string;
  readonly stderr: string;
  readonly tcp: boolean;
  readonly udp: boolean;
}

function holeIn({ exit_code, said, stderr, tcp, udp }: Observed): string | undefined {
  const words = said.trim().split("\n");
  const hole = Object.entries(HOLES).find(([word]) => words.includes(word))?.[1];
  if (hole !== undefined) return hole;
  if (tcp || udp) return "the loopback device of the machine could be reached";
  if (exit_code !== 0 || words.at(-1) !== "done")
    return `it could not be built: ${lastWords(stderr, REASON_CHARACTERS) || `exit code ${exit_code}`}`;
  return undefined;
}

/** Names, sizes, modes and times of what must not change. */
function fingerprint(fs: FileSystem, folder: string): string {
  const describe = (path: string): string => {
    const found = fs.stat(path);
    return `${path} ${found?.size_bytes} ${found?.mode} ${found?.mtime_ns} ${found?.ctime_ns}`;
  };
  const below = ["plane", "home", "outside"].map((name) => `${folder}/${name}`);
  return below
    .flatMap((path) => [path, ...fs.list(path).map(({ name }) => `${path}/${name}`)])
    .map(describe)
    .join("\n");
}

function write(fs: FileSystem, path: string, text: string): void {
  const file = fs.openWrite(path, { mode: 0o644, how: "exclusive" });
  file.write(Buffer.from(text));
  file.close();
}
