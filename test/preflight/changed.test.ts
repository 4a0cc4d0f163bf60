/** What a branch changes, in a real git repository with two branches. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";
import { exchanged, GOOD, GOOD_FILES } from "./good.ts";
import { type Ran, shell } from "./scene.ts";

interface Repository {
  readonly root: string;
  readonly git: (...words: string[]) => string;
  readonly pkg: (...words: string[]) => Promise<Ran>;
}

function repository(): Repository {
  const root = join(temporaryFolder(), "repository");
  mkdirSync(root);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: root,
    GIT_AUTHOR_NAME: "ann",
    GIT_AUTHOR_EMAIL: "ann@example.org",
    GIT_COMMITTER_NAME: "ann",
    GIT_COMMITTER_EMAIL: "ann@example.org",
  };
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: root, env, encoding: "utf8" });
  git("init", "-q", "-b", "main");
  const effects = nodeEffects({ host: { env: { PATH: env.PATH }, home: root, cwd: root } });
  return { root, git, pkg: (...words) => shell(effects, words) };
}

/** The good manifest under another name. */
const renamed = (namespace: string): string =>
  exchanged(
    exchanged(GOOD, 'namespace = "notes"', `namespace = "${namespace}"`),
    "data/notes/**",
    `data/${namespace}/**`,
  );

const plugin = (name: string, toml = GOOD): Record<string, string> => ({
  [`plugins/${name}/holdfast.toml`]: toml,
  [`plugins/${name}/main.py`]: GOOD_FILES["main.py"] ?? "",
});

/** main: two good plugins and files of others. branch: one broken, one untouched, one new. */
function twoBranches(): Repository {
  const at = repository();
  writeTree(at.root, {
    ...plugin("a"),
    ...plugin("b", renamed("b")),
    "web/manifest.json": '{ "name": "a web page" }\n',
    "web/package.json": '{ "name": "web" }\n',
  });
  at.git("add", "-A");
  at.git("commit", "-qm", "two plugins");
  at.git("checkout", "-qb", "branch");
  writeTree(at.root, {
    ...plugin("a", exchanged(GOOD, 'host = "^1.0.0"', 'host = "^99.0.0"')),
    ...plugin("c ü", renamed("c")),
    "web/manifest.json": '{ "name": "another web page" }\n',
    "web/package.json": '{ "name": "web2" }\n',
  });
  at.git("add", "-A");
  at.git("commit", "-qm", "needs a newer host");
  return at;
}

describe("--changed", () => {
  test("judges what the branch changes, and blocks with the field and its line", async () => {
    const { pkg, git } = twoBranches();
    const ran = await pkg("preflight", "--changed", "main", "--github");
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain("::error file=plugins/a/holdfast.toml,line=9,col=8,title=COMPAT_UNMET::");
    const report = (await pkg("preflight", "--changed", "main", "--json")).json();
    expect(report.subjects.map(({ subject }: { subject: string }) => subject)).toEqual([
      "plugins/a/holdfast.toml",
      "plugins/c ü/holdfast.toml",
    ]);
    expect(report.changed).toEqual({ base: "main", commit: git("rev-parse", "main").trim(), files_count: 5 });
  });

  test("what main did meanwhile is not the branch's; edits and new files not yet committed are", async () => {
    const { pkg, git, root } = twoBranches();
    git("checkout", "-q", "main");
    writeTree(root, plugin("b", exchanged(GOOD, 'version = "1.0.0"', 'version = "2.0.0"')));
    git("commit", "-qam", "b moves on");
    git("checkout", "-q", "branch");
    writeTree(root, { ...plugin("a"), ...plugin("d", exchanged(GOOD, 'kind = "node"', 'knd = "node"')) });
    const report = (await pkg("preflight", "--changed", "main", "--json")).json();
    const judged = report.subjects.map(({ subject, healthy }: { subject: string; healthy: boolean }) => [
      subject,
      healthy,
    ]);
    expect(judged).toEqual([
      ["plugins/c ü/holdfast.toml", true],
      ["plugins/d/holdfast.toml", false],
    ]);
  });

  test("nothing changed is a pass that says what was looked at", async () => {
    const { pkg, git, root } = twoBranches();
    git("checkout", "-q", "main");
    writeTree(root, { "README.md": "words\n" });
    const ran = await pkg("preflight", "--changed", "HEAD");
    expect([ran.status, ran.stdout]).toEqual([0, "No manifest among the 1 files that differ from HEAD.\n"]);
  });

  test("paths left out, manifests removed or moved, and a manifest that became a link", async () => {
    const { pkg, git, root } = twoBranches();
    const subjects = async (...more: string[]): Promise<string[]> =>
      (await pkg("preflight", "--changed", "main", "--json", ...more))
        .json()
        .subjects.map(({ subject }: { subject: string }) => subject);
    expect(await subjects("--exclude", "plugins/a/**")).toEqual(["plugins/c ü/holdfast.toml"]);
    git("rm", "-q", "plugins/a/holdfast.toml");
    renameSync(join(root, "plugins/c ü"), join(root, "plugins/moved"));
    expect(await subjects()).toEqual(["plugins/moved/holdfast.toml"]);
    mkdirSync(join(root, "plugins/e"));
    symlinkSync("/etc/passwd", join(root, "plugins/e/holdfast.toml"));
    const report = (await pkg("preflight", "--changed", "main", "--json")).json();
    const linked = report.subjects.find(({ subject }: { subject: string }) =>
      subject.startsWith("plugins/e"),
    );
    expect(linked.healthy).toBe(false);
    expect(JSON.stringify(report)).not.toContain("root:x:");
  });

  test("an unknown base, one that looks like a flag, and no repository", async () => {
    const { pkg } = twoBranches();
    for (const base of ["nowhere", "--output=x"]) {
      const { error } = (await pkg("preflight", `--changed=${base}`, "--json")).json();
      expect(error.code, base).toBe("CHANGES_UNKNOWN");
    }
    const folder = temporaryFolder();
    const effects = nodeEffects({
      host: { env: { PATH: process.env["PATH"] ?? "" }, home: folder, cwd: folder },
    });
    const ran = await shell(effects, ["preflight", "--changed", "main", "--json"]);
    expect([ran.status, ran.json().error.code]).toEqual([2, "CHANGES_UNKNOWN"]);
  });
});
