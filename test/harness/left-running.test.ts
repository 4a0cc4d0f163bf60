/** What a plugin on a host program left: a process of its own session that listens is told with its port, and killed. */
import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { leftProblems } from "../../src/harness/judge/left-running.ts";
import { endLeft } from "../../src/harness/matrix/end-left.ts";
import { runningIn } from "../../src/harness/oracle/processes.ts";
import { temporaryFolder } from "../support/tree.ts";

const LISTENER = `
const server = require("node:net").createServer().listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

test.skipIf(process.platform !== "linux")(
  "a listener that was left is told with its port, and killed",
  async () => {
    const effects = nodeEffects();
    const folder = temporaryFolder();
    const mark = `HOLDFAST_GOLDEN=${folder.slice(-6)}left`;
    const program = await effects.programs.start({
      argv: [process.execPath, "-e", LISTENER],
      cwd: "/",
      env: { HOLDFAST_GOLDEN: mark.slice(mark.indexOf("=") + 1) },
      channels: 0,
    });
    try {
      let port = "";
      for await (const chunk of program.stdout) {
        port = Buffer.from(chunk).toString("utf8").trim();
        break;
      }
      const { running } = runningIn(effects, { folder, mark });
      expect(leftProblems(running).map(({ code }) => code)).toEqual(["PROCESS_LEFT", "PORT_LEFT"]);
      expect(leftProblems(running)[1]?.message).toContain(`port ${port}`);
      await endLeft(effects, { folder, mark });
      expect(await program.ended).toEqual({ exit_code: null, signal: "SIGKILL" });
      expect(runningIn(effects, { folder, mark }).running).toEqual([]);
    } finally {
      program.kill();
    }
  },
);
