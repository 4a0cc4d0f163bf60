/** One change of a plugin in a process of its own: `node plugin-process.ts '{"folder", "token", "command", "failpoints"}'`. */
import { join } from "node:path";
import { withFailpoints } from "../../src/effects/failpoints/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { disablePlugin, enablePlugin } from "../../src/lifecycle/index.ts";
import { openPlane } from "../../src/plane/index.ts";

interface Job {
  readonly folder: string;
  readonly token: string;
  readonly command: "enable" | "disable";
  readonly failpoints?: string;
}

const { folder, token, command, failpoints } = JSON.parse(process.argv[2] ?? "{}") as Job;
const real = nodeEffects({
  host: { env: { PATH: process.env["PATH"] }, home: join(folder, "home"), cwd: folder },
});
const effects =
  failpoints === undefined
    ? real
    : withFailpoints(real, failpoints, {
        kill: () => {
          process.kill(process.pid, "SIGKILL");
          for (;;);
        },
        pause: () => undefined,
        tell: (line) => void process.stderr.write(`${line}\n`),
      }).effects;
const plane = openPlane(effects, join(folder, "plane"));
const name = "notes";
if (command === "disable") await disablePlugin(effects, plane, { name, token, reason: "manual_disable" });
else {
  const request = { name, token, pin: false };
  const { shown_digest } = await enablePlugin(real, plane, { ...request, dry_run: true });
  const yes = shown_digest === null ? {} : { yes: shown_digest };
  await enablePlugin(effects, plane, { ...request, ...yes, dry_run: false });
}
