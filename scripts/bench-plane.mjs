/**
 * The integrity check of a large plane beside the least that could be done: every byte of it through sha256sum on all cores, and
 * the files of packages alone. `--fast` from nothing, unchanged, and as the first one after an edit, an uninstall and an install.
 */
import { appendFileSync, truncateSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writeBigPlane } from "./big-plane.mjs";

/** @param sizes packages, files of each, ledger entries */
export async function* benchPlane({ scratch, env, holdfast, run, median, makePlane }, sizes) {
  // Keys of a plane of this size lie beside it, where the generator looks for them.
  const plane = makePlane("large", { HOLDFAST_HOME: join(scratch, "large.home") });
  await writeBigPlane(plane.root, sizes);
  const options = { env: { ...env, HOLDFAST_HOME: join(scratch, "large.home") } };
  const check = (fast = [], more = {}) =>
    holdfast("integrity-check", ["--root", plane.root, "--quiet", ...fast], { ...options, ...more });
  const what = `${sizes.packages * sizes.files} files, ${sizes.packages} packages, ${sizes.entries} entries`;
  const digests = (where) =>
    `find ${where} -type f -print0 | xargs -0 -n 500 -P${availableParallelism()} sha256sum >../digests`;
  const through = (where) => median(3, () => run("sh", ["-c", digests(where)], { cwd: plane.root }));
  const least = through("modules");
  yield [
    `integrity-check of ${what}`,
    median(3, () => check()),
    {
      "sha256sum of every byte, all cores": through("."),
      "sha256sum of the modules alone": least,
    },
  ];
  const beside = { "sha256sum of the modules alone": least };
  yield ["integrity-check --fast from nothing", median(1, () => check(["--fast"])), beside];
  yield ["integrity-check --fast, nothing changed", median(5, () => check(["--fast"])), beside];
  const edited = join(plane.root, "modules/n00001/f001.txt");
  appendFileSync(edited, "x");
  yield ["integrity-check --fast after one edit", median(1, () => check(["--fast"], { expects: 1 })), beside];
  truncateSync(edited, "VALUE_1_1 = 1\n".length);
  check(["--fast"]);
  const id = "PKG-T2-N00099-001";
  for (const action of ["uninstall", "install"]) {
    holdfast("pkg", [action, "--id", id, "--root", plane.root, ...plane.token], options);
    yield [
      `integrity-check --fast as the first one after ${action}`,
      median(1, () => check(["--fast"])),
      beside,
    ];
  }
}
