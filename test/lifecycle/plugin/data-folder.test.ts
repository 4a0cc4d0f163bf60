/** What a run makes for a plugin goes with it; what the plugin wrote there stays. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NOTES, pluginPlane } from "../../support/plugin-plane.ts";

test.each([
  ["empty", [], { "data/notes": false, data: false }],
  ["beside other data", ["data/others/file"], { "data/notes": false, "data/others/file": true }],
  ["with what the plugin wrote", ["data/notes/file"], { "data/notes/file": true }],
])("its data folder, %s", async (_, files, expected) => {
  const made = await pluginPlane();
  await made.packPlugin();
  await made.install([NOTES]);
  for (const path of ["data/notes/x", ...files]) mkdirSync(join(made.root, path, ".."), { recursive: true });
  for (const path of files) writeFileSync(join(made.root, path), "kept\n");
  await made.uninstall([NOTES]);
  expect(existsSync(join(made.root, "modules/notes"))).toBe(false);
  for (const [path, is_there] of Object.entries(expected))
    expect([path, existsSync(join(made.root, path))]).toEqual([path, is_there]);
});
