/** Archives whose plugin claims a place that is not its own: preflight and install refuse them with the same findings. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Finding } from "../../src/contracts/index.ts";
import type { FaultJson } from "../../src/kernel/index.ts";
import { parseToml } from "../../src/metadata/index.ts";
import { GOOD, ID } from "./good.ts";
import { forge, scene } from "./scene.ts";

const PLACES = [
  [{ root: "lib/notes" }, "PLUGIN_ROOT_UNTRUSTED", "/plugin/root"],
  [{ root: "modules", entrypoint: "notes/main.py" }, "PLUGIN_ROOT_UNTRUSTED", "/plugin/root"],
  [{ root: "modules/../lib/notes" }, "PLUGIN_ENTRYPOINT_MISSING", "/plugin/entrypoint"],
  [{ root: "/etc" }, "PLUGIN_ENTRYPOINT_MISSING", "/plugin/entrypoint"],
  [{ entrypoint: "other.py" }, "PLUGIN_ENTRYPOINT_MISSING", "/plugin/entrypoint"],
  [{ entrypoint: "../other/main.py" }, "PLUGIN_ENTRYPOINT_PATH", "/plugin/entrypoint"],
  [{ entrypoint: "/usr/bin/env" }, "PLUGIN_ENTRYPOINT_PATH", "/plugin/entrypoint"],
] as const;

test("no archive brings a plugin to a place that is not its own", async () => {
  const at = await scene();
  const { id, target: _, plugin, health: _h, ...rest } = parseToml(GOOD, "holdfast.toml");
  for (const [more, code, field] of PLACES) {
    const place = { root: "modules/notes", ...more };
    const files = { [`${place.root.startsWith("lib") ? place.root : "modules/notes"}/main.py`]: "x = 1\n" };
    const manifest = { ...rest, package_id: id, plugin: { ...(plugin as object), ...place } };
    const { path, digest } = await forge(at.plane.effects, join(at.root, "forged.tar.gz"), manifest, files);
    const ran = await at.pkg("preflight", path, "--digest", digest, "--json");
    const findings = (ran.json().subjects[0].findings as Finding[]).filter(
      ({ severity }) => severity === "error",
    );
    const said = JSON.stringify(more);
    expect(ran.status, said).toBe(1);
    const found = findings.find((one) => one.code === code);
    expect(found, `${said} ${findings.map((one) => one.code).join(" ")}`).toMatchObject({
      field,
      line: expect.any(Number),
      path: "forged.tar.gz/manifest.json",
    });
    const refused = await at.pkg("install", "--archive", path, "--id", ID, "--digest", digest, "--json");
    const told = (refused.json().error as FaultJson).details["findings"] as unknown as readonly FaultJson[];
    const plain = (one: { code: string; next_step: string }) => `${one.code} ${one.next_step}`;
    expect(new Set(told.map(plain)), said).toEqual(new Set(findings.map(plain)));
    expect(at.plane.effects.fs.stat(join(at.root, "installed", ID)), said).toBeUndefined();
  }
});
