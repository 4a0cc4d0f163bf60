/** Health checks that mean harm, on every layer: each fails, and nothing changes. */
import { expect, test } from "vitest";
import { everything, network, offers, scene, TOKEN } from "../../sandbox/scene.ts";
import { check, putFiles, verdicts } from "./package-under-test.ts";

const LAYERS = ["bubblewrap", "namespaces", "landlock"];

export function hostileChecks(): void {
  test("this machine has a layer to try them on", () => {
    expect(LAYERS.filter(offers)).not.toEqual([]);
  });

  test.each(LAYERS.filter(offers))(
    "%s: writing the plane, reading the home, opening a socket",
    async (layer) => {
      const here = scene();
      const { tcp, udp, received } = await network(here.folder);
      const harm = {
        "write-plane": "open('modules/sound/__init__.py', 'a').write('harm')",
        "add-to-plane": "open('modules/new.py', 'w')",
        "remove-from-plane": "os.unlink('bin/tool')",
        "write-outside": `open('${here.folder}/new', 'w'); sys.exit(1)`,
        "read-home": `open('${here.home}/diary.txt').read()`,
        "read-keys": `open('${here.keys}/secrets.env').read()`,
        "read-token": `assert 'HOLDFAST_TOKEN=' in open('/proc/%d/environ' % os.getppid()).read()`,
        connect: `socket.create_connection(('127.0.0.1', ${tcp}), 1)`,
        send: `socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', ${udp}))`,
      };
      const files = Object.fromEntries(
        Object.entries(harm).map(([id, text]) => [
          `harm/${id}.py`,
          `import os, socket, sys\n${text}\nprint('done')\n`,
        ]),
      );
      putFiles(here, files);
      const before = everything(here.home);
      const checks = Object.keys(harm).map((id) => ({
        id,
        kind: "command" as const,
        argv: ["python", "-I", `harm/${id}.py`],
      }));
      const report = await check(here, {}, checks, { setting: { HOLDFAST_JAIL: layer } });
      expect(report.checks.map(({ id, verdict, layer: used }) => `${id} ${verdict} ${used}`)).toEqual(
        Object.keys(harm).map((id) => `${id} unhealthy ${layer}`),
      );
      expect(verdicts(report).filter((line) => line.includes(TOKEN))).toEqual([]);
      expect(everything(here.home)).toEqual(before);
      expect(everything(here.folder).some((line) => line.startsWith("new "))).toBe(false);
      expect(received).toEqual([]);
    },
  );

  test.each(LAYERS.filter(offers))("%s: an honest package is healthy", async (layer) => {
    const here = scene();
    const report = await check(
      here,
      { "bin/serve": "#!/bin/sh\nexec cat >/dev/null\n" },
      [
        { id: "imports", kind: "import", module: "sound" },
        { id: "runs", kind: "command", argv: ["bin/serve"] },
        { id: "node", kind: "command", argv: ["node", "-e", "0"] },
        { id: "there", kind: "file", path: "bin/serve" },
      ],
      { setting: { HOLDFAST_JAIL: layer } },
    );
    expect(verdicts(report).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "imports healthy",
      "runs healthy",
      "node healthy",
      "there healthy",
    ]);
  });
}
