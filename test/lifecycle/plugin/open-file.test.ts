/** None but installed bytes come out of a plugin's folder, whoever puts what in their place and when. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkPluginPlace, openPluginFile, requirePlugin } from "../../../src/grants/index.ts";
import { copyOf, NOTES, type PluginPlane, pluginPlane } from "../../support/plugin-plane.ts";
import { writeTree } from "../../support/tree.ts";

const OTHER = "PKG-T2-OTHER-001";
let base: PluginPlane;

beforeAll(async () => {
  base = await pluginPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await base.packPlugin({ files: { "lib/deep.py": "print('deep')\n" } });
  await base.packPlugin({
    id: OTHER,
    plugin: { namespace: "other", permissions: {} },
    target: "modules/other",
  });
  rmSync(join(base.root, "modules"), { recursive: true, force: true });
  await base.install([NOTES, OTHER]);
});
afterAll(() => rmSync(dirname(base.root), { recursive: true, force: true }));

const open = (made: PluginPlane, relative: string): string => {
  const plugin = requirePlugin(made.effects, made.plane, "notes");
  const { bytes, handle } = openPluginFile(made.effects, made.plane, plugin, relative);
  handle.close();
  return bytes.toString("utf8");
};
const refusal = (made: PluginPlane, relative: string): string => {
  try {
    open(made, relative);
    return "opened";
  } catch (error) {
    const { code, details } = error as { code: string; details: { problem: string } };
    return `${code}: ${details.problem}`;
  }
};

describe("openPluginFile()", () => {
  test("hands out what was installed, by the descriptor it was read from", () => {
    expect(open(base, "main.py")).toBe("print('notes')\n");
    expect(open(base, "lib/deep.py")).toBe("print('deep')\n");
    const plugin = requirePlugin(base.effects, base.plane, "notes");
    const { handle, path } = openPluginFile(base.effects, base.plane, plugin, "main.py");
    expect(path).toBe("modules/notes/main.py");
    expect(handle.read(Buffer.alloc(5), 0)).toBe(5);
    handle.close();
  });

  test.each([
    ["../other/main.py"],
    ["../../config/plane.toml"],
    ["/etc/passwd"],
    ["lib/../main.py"],
    ["./main.py"],
    ["lib//deep.py"],
    [""],
    ["lib"],
    ["main.py\0"],
    ["absent.py"],
    ["main.py/x"],
  ])("a path a caller makes up is none: %s", (relative) => {
    expect(refusal(base, relative)).toMatch(/^PLUGIN_FILE_REFUSED: it is no /);
  });

  test("a link, a sibling's folder, a pipe or other bytes in the place of the file are refused", () => {
    const place = (put: (path: string, made: PluginPlane) => void, relative = "main.py"): string => {
      const made = copyOf(base);
      const path = join(made.root, "modules/notes", relative);
      rmSync(path, { recursive: true });
      put(path, made);
      return refusal(made, "lib/deep.py".startsWith(relative) ? "lib/deep.py" : relative);
    };
    expect(place((path) => symlinkSync("../other/main.py", path))).toContain("a link stands on the way");
    expect(place((path) => writeFileSync(path, "print('other')\n"))).toContain("not as it was installed");
    expect(place((path) => writeFileSync(path, "print('notes')"))).toContain("not as it was installed");
    expect(place((path) => mkdirSync(path))).toContain("a folder stands in its place");
    expect(place(() => undefined)).toContain("it is not there");
    // The link leads to a folder with the very same bytes in it: it is refused as a link.
    const same = (path: string, made: PluginPlane): void => {
      writeTree(made.root, { "elsewhere/deep.py": "print('deep')\n" });
      symlinkSync(join(made.root, "elsewhere"), path);
    };
    expect(place(same, "lib")).toMatch(/a link or a file stands|a link stands/);
  });

  test("where the system cannot open one name after another nothing is opened", () => {
    const refuse = (): never => {
      throw Object.assign(new Error("ENOSYS: no /proc"), { code: "ENOSYS" });
    };
    const fs = { ...base.effects.fs, openBeneath: refuse };
    const plugin = requirePlugin(base.effects, base.plane, "notes");
    expect(() => openPluginFile({ fs }, base.plane, plugin, "main.py")).toThrow(
      expect.objectContaining({ code: "PLUGIN_OPEN_UNSUPPORTED", exit_code: 5 }),
    );
  });

  test("a manifest whose entrypoint or folder is another's names no plugin of this plane", () => {
    const { manifest } = requirePlugin(base.effects, base.plane, "notes");
    const { plugin } = manifest;
    if (plugin === undefined) throw new Error("it has a plugin section");
    const codes = (more: Partial<typeof plugin>) =>
      checkPluginPlace(base.plane, { ...manifest, plugin: { ...plugin, ...more } }).map(({ code }) => code);
    expect(codes({})).toEqual([]);
    for (const entrypoint of ["../other/main.py", "absent.py", "/etc/passwd", "./main.py"])
      expect(codes({ entrypoint })).toEqual(["PLUGIN_ENTRYPOINT_OUTSIDE"]);
    for (const root of ["lib/notes", "modules", "modules/../lib", "plugins-of-mine/a"])
      expect(codes({ root })).toContain("PLUGIN_ROOT_UNTRUSTED");
  });

  test("a plugin's folder, or the folder it lies in, that became a link is refused", () => {
    for (const folder of ["modules/notes", "modules"]) {
      const made = copyOf(base);
      renameSync(join(made.root, folder), join(made.root, "moved"));
      symlinkSync(join(made.root, "moved"), join(made.root, folder));
      expect(refusal(made, "main.py")).toMatch(/a link or a file stands|a link stands/);
    }
  });

  test("ten thousand swaps of the folder for a link to foreign code while it is opened give no foreign byte", async () => {
    const made = copyOf(base);
    const notes = join(made.root, "modules/notes");
    const foreign = join(made.root, "..", "foreign");
    mkdirSync(join(foreign, "lib"), { recursive: true });
    writeFileSync(join(foreign, "main.py"), "print('notes!')");
    writeFileSync(join(foreign, "lib/deep.py"), "print('DEEP')\n");
    const swapper = `
      const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
      const [notes, foreign] = process.argv.slice(1);
      for (let swap = 0; swap < 10000; swap++) {
        renameSync(notes, notes + ".aside");
        symlinkSync(foreign, notes);
        unlinkSync(notes);
        renameSync(notes + ".aside", notes);
      }`;
    const child = spawn(process.execPath, ["-e", swapper, notes, foreign], { stdio: "inherit" });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const swapping = { running: true };
    void ended.then(() => {
      swapping.running = false;
    });
    const seen = new Map<string, number>();
    const count = (outcome: string): void => void seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    const plugin = requirePlugin(made.effects, made.plane, "notes");
    while (swapping.running) {
      for (const relative of ["main.py", "lib/deep.py"]) {
        try {
          const { bytes, handle } = openPluginFile(made.effects, made.plane, plugin, relative);
          handle.close();
          count(bytes.toString("utf8"));
        } catch (error) {
          count((error as { code: string }).code);
        }
      }
      await made.effects.clock.breathe();
    }
    expect(await ended).toBe(0);
    const known = ["print('notes')\n", "print('deep')\n", "PLUGIN_FILE_REFUSED"];
    expect([...seen.keys()].filter((outcome) => !known.includes(outcome))).toEqual([]);
    // Both happened, so the race was one.
    expect(seen.get("PLUGIN_FILE_REFUSED") ?? 0).toBeGreaterThan(0);
    expect((seen.get(known[0] ?? "") ?? 0) + (seen.get(known[1] ?? "") ?? 0)).toBeGreaterThan(0);
  });
});
