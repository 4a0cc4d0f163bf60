/** Starts one program behind the wall, watches it, and ends its whole tree. */
import type { Confined, ConfineNeeds, ConfineRequest, StartRequest } from "./confined.ts";
import { Confinement } from "./confinement.ts";
import { TOOL_ENVIRONMENT } from "./environment.ts";
import { clearFolder, makePrivateTemp } from "./private-temp.ts";
import { serveProxy } from "./proxy/serve.ts";
import { Denials } from "./wall/denials.ts";
import { makeWrittenFolders } from "./wall/granted-paths.ts";
import { type Meter, meterFor } from "./wall/meter.ts";
import { prepare } from "./wall/start.ts";
import type { Wall } from "./wall/wall.ts";

/** Status, denials, broker: see `perl-common.ts`. */
const CHANNELS = 3;

/**
 * The program sees what its profile allows and nothing else, and ends with everything it started: when it ends itself, at a
 * limit, by `kill`, or when we die.
 * @throws SANDBOX_TOO_MANY_PATHS, JAIL_WOULD_EXPOSE, TEMP_UNUSABLE, ENOENT for an interpreter that is not there. That the wall
 * could not be built is told by `done`: SANDBOX_NOT_STARTED, and the program did not run.
 */
export async function confine(effects: ConfineNeeds, wall: Wall, request: ConfineRequest): Promise<Confined> {
  const confinement = await startConfined(effects, wall, request);
  return confinement.begin(request.stdin, request.limits);
}

/** Begins to build the wall, and the program behind it. @throws as `confine` */
export async function startConfined(
  effects: ConfineNeeds,
  wall: Wall,
  request: StartRequest,
): Promise<Confinement> {
  effects.signal.throwIfAborted();
  request.signal?.throwIfAborted();
  const temp = await makePrivateTemp(effects);
  const denials = new Denials(request.plane_root);
  let meter: Meter | undefined;
  let proxy: { close(): void } | undefined;
  try {
    makeWrittenFolders(effects.fs, request.plane_root, request.profile.files.write);
    meter = meterFor(effects, request.limits);
    const { domains } = request.profile;
    const proxy_socket = domains.length > 0 ? `${temp.path}/proxy.sock` : undefined;
    if (proxy_socket !== undefined) {
      const onDenied = (subject: string): void => denials.add("network", subject, "proxy");
      proxy = await serveProxy(effects, { path: proxy_socket, domains, onDenied });
    }
    const around = { folder: temp.path, groups: meter.groups, proxy_socket };
    const { argv } = prepare(effects, wall, request, around);
    const env = TOOL_ENVIRONMENT;
    const program = await effects.programs.start({ argv, cwd: "/", env, channels: CHANNELS });
    return new Confinement(effects, wall, request, { program, temp, meter, proxy, denials });
  } catch (error) {
    proxy?.close();
    await meter?.remove();
    clearFolder(effects.fs, temp.path);
    await temp.remove();
    throw error;
  }
}
