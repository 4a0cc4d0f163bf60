/** The peers an install is measured beside, and the tree all of them work on. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Word-like text, three parts in four; the rest random. */
export function makeTree(folder, files, bytes_each) {
  const words =
    "ledger plane package receipt anchor harbour grant policy digest archive transaction generation probe".split(
      " ",
    );
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
  for (let index = 0; index < files; index++) {
    const directory = join(folder, `d${index % 20}`);
    mkdirSync(directory, { recursive: true });
    let text = `# file ${index}\n`;
    while (text.length < bytes_each * 0.75)
      text += `${words[next() % words.length]}${next() % 1000}${next() % 12 === 0 ? "\n" : " "}`;
    const random = randomBytes(Math.max(0, bytes_each - text.length))
      .toString("base64")
      .slice(0, Math.max(0, bytes_each - text.length));
    writeFileSync(join(directory, `f${index}.dat`), (text + random).slice(0, bytes_each));
  }
}

/** A .deb of the same tree, installed into a root of its own with dpkg's ordinary durability. */
export function dpkgInstall({ scratch, has, run, median }, plane_root) {
  if (!has("dpkg-deb") || process.getuid() !== 0) return undefined;
  const tree = join(scratch, "deb");
  mkdirSync(join(tree, "DEBIAN"), { recursive: true });
  cpSync(join(plane_root, "modules/big"), join(tree, "opt/big"), { recursive: true });
  writeFileSync(
    join(tree, "DEBIAN/control"),
    "Package: holdfast-bench\nVersion: 1\nArchitecture: all\nMaintainer: bench <bench@example.org>\nDescription: bench\n",
  );
  execFileSync("dpkg-deb", ["-Zgzip", "-b", tree, join(scratch, "bench.deb")], { stdio: "ignore" });
  return median(3, (index) => {
    const target = join(scratch, `debroot${index}`);
    for (const folder of ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"])
      mkdirSync(join(target, folder), { recursive: true });
    for (const file of ["status", "available", "diversions", "statoverride"])
      writeFileSync(join(target, "var/lib/dpkg", file), "");
    return run("dpkg", [
      `--root=${target}`,
      "--force-not-root",
      "--force-script-chrootless",
      `--log=${target}/log`,
      "-i",
      join(scratch, "bench.deb"),
    ]);
  });
}

export function pipInstall({ scratch, env, python, run, median }, plane_root) {
  if (spawnSync(python, ["-m", "pip", "--version"], { env }).status !== 0) return undefined;
  const wheel = join(scratch, "big-1-py3-none-any.whl");
  const script = `import zipfile,sys,os
z=zipfile.ZipFile(sys.argv[2],"w",zipfile.ZIP_DEFLATED)
rec=[]
for d,_,fs in os.walk(sys.argv[1]):
    for f in fs:
        p=os.path.join(d,f); a="big/"+os.path.relpath(p,sys.argv[1]); z.write(p,a); rec.append(a+",,")
i="big-1.dist-info/"
z.writestr(i+"METADATA","Metadata-Version: 2.1\\nName: big\\nVersion: 1\\n"); z.writestr(i+"WHEEL","Wheel-Version: 1.0\\nGenerator: b\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
z.writestr(i+"RECORD","\\n".join(rec+[i+"METADATA,,",i+"WHEEL,,",i+"RECORD,,"])+"\\n"); z.close()`;
  execFileSync(python, ["-c", script, join(plane_root, "modules/big"), wheel]);
  return median(3, (index) =>
    run(python, [
      "-m",
      "pip",
      "install",
      "-q",
      "--no-index",
      "--no-deps",
      "--no-compile",
      "--disable-pip-version-check",
      "--root-user-action=ignore",
      "--target",
      join(scratch, `pip${index}`),
      wheel,
    ]),
  );
}
