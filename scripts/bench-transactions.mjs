/** Install, update, rollback and uninstall beside dpkg, pip and npm; and how the cost of one install grows with the plane. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTree } from "./bench-tree.mjs";

const ID = "PKG-T2-BIG-001";

/** Two trees of the same names; in the second every other file differs. */
function twoVersions(folder, files, bytes_each) {
  const trees = ["1.0.0", "1.1.0"].map((version) => join(folder, `tree-${version}`));
  for (const [index, tree] of trees.entries()) {
    if (index === 0) makeTree(tree, files, bytes_each);
    else cpSync(trees[0], tree, { recursive: true });
  }
  const list = readdirSync(trees[1], { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  for (const [index, one] of list.entries()) {
    const path = join(one.parentPath, one.name);
    if (index % 2 === 0) writeFileSync(path, `# changed\n${readFileSync(path, "utf8").slice(10)}`);
  }
  return trees;
}

/** @returns `[verb, ours, peers]` rows */
export function benchTransactions(tools, files, bytes_each) {
  const { scratch, holdfast, makePlane } = tools;
  const folder = join(scratch, `tx-${files}`);
  const trees = twoVersions(folder, files, bytes_each);
  const plane = makePlane(`plane-${files}`);
  const pkg = (...args) => holdfast("pkg", [...args, "--root", plane.root, ...plane.token]);
  for (const [index, tree] of trees.entries()) {
    writeFileSync(
      join(tree, "holdfast.toml"),
      `id = "${ID}"\nversion = "${index === 0 ? "1.0.0" : "1.1.0"}"\ntarget = "modules/big"\n`,
    );
    pkg("pack", "--src", tree);
    rmSync(join(tree, "holdfast.toml"));
  }
  const ours = {
    install: pkg("install", `${ID}@1.0.0`),
    update: pkg("update", ID),
    rollback: pkg("rollback", ID),
    uninstall: pkg("uninstall", ID),
  };
  const peers = {
    dpkg: dpkg(tools, folder, trees),
    pip: pip(tools, folder, trees),
    npm: npm(tools, folder, trees),
  };
  rmSync(folder, { recursive: true });
  rmSync(plane.root, { recursive: true });
  return Object.entries(ours).map(([verb, figures]) => [
    verb,
    figures,
    Object.fromEntries(Object.entries(peers).map(([name, found]) => [NAMES[name][verb], found?.[verb]])),
  ]);
}

const NAMES = {
  dpkg: {
    install: "dpkg -i (its own syncs on)",
    update: "dpkg -i of the newer",
    rollback: "dpkg -i of the older",
    uninstall: "dpkg -r",
  },
  pip: {
    install: "pip install (no syncs)",
    update: "pip install --upgrade",
    rollback: "pip install of the older",
    uninstall: "pip uninstall",
  },
  npm: {
    install: "npm install (no syncs)",
    update: "npm install of the newer",
    rollback: "npm install of the older",
    uninstall: "npm uninstall",
  },
};

function dpkg({ has, run }, folder, trees) {
  if (!has("dpkg-deb") || process.getuid() !== 0) return undefined;
  const debs = trees.map((tree, index) => {
    const deb = join(folder, `deb-${index}`);
    mkdirSync(join(deb, "DEBIAN"), { recursive: true });
    cpSync(tree, join(deb, "opt/big"), { recursive: true });
    writeFileSync(
      join(deb, "DEBIAN/control"),
      `Package: holdfast-bench\nVersion: ${index + 1}\nArchitecture: all\nMaintainer: bench <bench@example.org>\nDescription: bench\n`,
    );
    execFileSync("dpkg-deb", ["-Zgzip", "-b", deb, `${deb}.deb`], { stdio: "ignore" });
    return `${deb}.deb`;
  });
  const root = join(folder, "debroot");
  for (const name of ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ["status", "available", "diversions", "statoverride"])
    writeFileSync(join(root, "var/lib/dpkg", name), "");
  const options = [`--root=${root}`, "--force-not-root", "--force-script-chrootless", `--log=${root}/log`];
  return {
    install: run("dpkg", [...options, "-i", debs[0]]),
    update: run("dpkg", [...options, "-i", debs[1]]),
    rollback: run("dpkg", [...options, "--force-downgrade", "-i", debs[0]]),
    uninstall: run("dpkg", [...options, "-r", "holdfast-bench"]),
  };
}

function pip({ python, env, run }, folder, trees) {
  if (spawnSync(python, ["-m", "pip", "--version"], { env }).status !== 0) return undefined;
  const venv = join(folder, "venv");
  if (spawnSync(python, ["-m", "venv", venv], { env }).status !== 0) return undefined;
  const wheels = trees.map((tree, index) => {
    const wheel = join(folder, `big-${index + 1}-py3-none-any.whl`);
    execFileSync(python, ["-c", WHEEL, tree, wheel, String(index + 1)]);
    return wheel;
  });
  const own = join(venv, "bin/python");
  const flags = ["-q", "--disable-pip-version-check"];
  const install = (...args) =>
    run(own, ["-m", "pip", "install", ...flags, "--no-index", "--no-deps", "--no-compile", ...args]);
  return {
    install: install(wheels[0]),
    update: install("--upgrade", wheels[1]),
    rollback: install(wheels[0]),
    uninstall: run(own, ["-m", "pip", "uninstall", "-y", ...flags, "big"]),
  };
}

const WHEEL = `import zipfile,sys,os
src,out,version=sys.argv[1:]
z=zipfile.ZipFile(out,"w",zipfile.ZIP_DEFLATED); rec=[]
for d,_,fs in os.walk(src):
    for f in fs:
        p=os.path.join(d,f); a="big/"+os.path.relpath(p,src); z.write(p,a); rec.append(a+",,")
i="big-%s.dist-info/"%version
z.writestr(i+"METADATA","Metadata-Version: 2.1\\nName: big\\nVersion: %s\\n"%version)
z.writestr(i+"WHEEL","Wheel-Version: 1.0\\nGenerator: b\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
z.writestr(i+"RECORD","\\n".join(rec+[i+"METADATA,,",i+"WHEEL,,",i+"RECORD,,"])+"\\n"); z.close()`;

function npm({ has, run }, folder, trees) {
  if (!has("npm")) return undefined;
  const tarballs = trees.map((tree, index) => {
    const pack = join(folder, `npm-${index}`);
    mkdirSync(pack, { recursive: true });
    cpSync(tree, join(pack, "package/big"), { recursive: true });
    writeFileSync(
      join(pack, "package/package.json"),
      JSON.stringify({ name: "big", version: `${index + 1}.0.0` }),
    );
    execFileSync("tar", ["czf", `${pack}.tgz`, "-C", pack, "package"]);
    return `${pack}.tgz`;
  });
  const home = join(folder, "npm-home");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{"name":"home","version":"1.0.0"}');
  const act = (...args) =>
    run("npm", [...args, "--prefix", home, "--offline", "--no-audit", "--no-fund", "--silent"]);
  return {
    install: act("install", tarballs[0]),
    update: act("install", tarballs[1]),
    rollback: act("install", tarballs[0]),
    uninstall: act("uninstall", "big"),
  };
}

/** One install of 200 files into planes that govern more and more. @returns `[governed files, figures]` */
export function benchGrowth({ scratch, holdfast, makePlane }, sizes) {
  return sizes.map((size) => {
    const plane = makePlane(`growth-${size}`);
    const pkg = (...args) => holdfast("pkg", [...args, "--root", plane.root, ...plane.token]);
    for (const [name, count] of [
      ["MANY", size],
      ["ONE", 200],
    ]) {
      const tree = join(scratch, `growth-${size}-${name}`);
      makeTree(tree, count, 300);
      const target = `modules/${name.toLowerCase()}`;
      writeFileSync(
        join(tree, "holdfast.toml"),
        `id = "PKG-T2-${name}-001"\nversion = "1.0.0"\ntarget = "${target}"\n`,
      );
      pkg("pack", "--src", tree);
      rmSync(tree, { recursive: true });
    }
    pkg("install", "PKG-T2-MANY-001");
    const figures = pkg("install", "PKG-T2-ONE-001");
    rmSync(plane.root, { recursive: true });
    return [size, figures];
  });
}
