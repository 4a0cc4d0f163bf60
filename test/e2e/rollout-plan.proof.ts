/** The rollout plan users have, typed literally, on a plane that is a git repository. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, type PlaneUnderTest } from "../support/cli.ts";
import { picture } from "../support/tree.ts";

const RUNTIME = "PKG-T1-RUNTIME-001";
const STEP_6 = `
from modules.agent_runtime import AgentRunner, Session
from modules.agent_runtime.capability import CapabilityEnforcer

# Test capability enforcement
caps = {'read': ['ledger/*.jsonl'], 'write': [], 'execute': [], 'forbidden': []}
enforcer = CapabilityEnforcer(caps)
print('Capability check:', enforcer.check('read', 'ledger/governance.jsonl'))
`;

/** Everything but the ledger, which only grows, and git's own folder. */
const tree = ({ root }: PlaneUnderTest): Record<string, string> =>
  picture(root, (path) => /^(\.git|ledger|\.holdfast|planes\/ho[12]\/ledger)$/.test(path));

function git(plane: PlaneUnderTest, ...args: string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false"];
  const done = plane.run("git", [...identity, ...args]);
  expect(done.status, `git ${args.join(" ")}: ${done.stderr}`).toBe(0);
  return done.stdout.trim();
}

function ok(plane: PlaneUnderTest, program: string, args: readonly string[]): string {
  const done = plane.run(program, args);
  expect(done.status, `${program} ${args.join(" ")}\n${done.stdout}${done.stderr}`).toBe(0);
  return done.stdout;
}

test("steps 1 to 6 and the rollback run as written and leave the tree as it was", () => {
  const plane = makePlane({ with_sources: true });
  const token = ["--token", plane.token];
  ok(plane, "python3", [
    "scripts/package_pack.py",
    "--src",
    "modules/stdlib_evidence",
    "--id",
    "PKG-T0-EVIDENCE-001",
    ...token,
  ]);
  ok(plane, "python3", [
    "scripts/package_install.py",
    "--archive",
    "packages_store/PKG-T0-EVIDENCE-001.tar.gz",
    "--id",
    "PKG-T0-EVIDENCE-001",
    ...token,
  ]);
  git(plane, "init", "-q");
  git(plane, "add", "-A");
  git(plane, "commit", "-qm", "before step 2");

  ok(plane, "python3", ["scripts/trace.py", "--explain", "PKG-T0-EVIDENCE-001"]);
  ok(plane, "python3", [
    "scripts/package_pack.py",
    "--src",
    "modules/agent_runtime",
    "--id",
    RUNTIME,
    ...token,
  ]);
  const after_pack = tree(plane);
  ok(plane, "python3", [
    "scripts/package_install.py",
    "--archive",
    `packages_store/${RUNTIME}.tar.gz`,
    "--id",
    RUNTIME,
    ...token,
  ]);
  ok(plane, "pkg", ["register", RUNTIME, "--spec", "SPEC-RUNTIME-001", "--tier", "T1", "--status", "active"]);
  ok(plane, "python3", ["scripts/trace.py", "--explain", RUNTIME]);
  expect(JSON.parse(ok(plane, "python3", ["scripts/integrity_check.py", "--json"]))).toMatchObject({
    healthy: true,
  });
  expect(ok(plane, "python3", ["-c", STEP_6])).toBe("Capability check: True\n");
  expect(Object.keys(tree(plane)).filter((path) => path.endsWith(".pyc")).length).toBeGreaterThan(2);
  expect(JSON.parse(ok(plane, "python3", ["scripts/integrity_check.py", "--json"]))).toMatchObject({
    healthy: true,
  });

  ok(plane, "python3", ["scripts/package_uninstall.py", "--id", RUNTIME, ...token]);
  expect(tree(plane)).toEqual(after_pack);
  git(plane, "add", "-A");
  git(plane, "commit", "-qm", "the rollout");
  git(plane, "revert", "--no-edit", "HEAD");
  ok(plane, "pkg", ["unregister", RUNTIME]);
  const report = JSON.parse(ok(plane, "integrity-check", ["--json"]));
  expect(report).toMatchObject({ healthy: true, invalid: [], missing: [] });
  expect(report.counts.total).toBeGreaterThan(20);
});

test("step 4 as a hand edit of the registry is a note until a command with a token records it", () => {
  const plane = makePlane({ with_sources: true });
  ok(plane, "pkg", ["pack", "--src", "modules/stdlib_evidence"]);
  ok(plane, "pkg", ["install", "PKG-T0-EVIDENCE-001"]);
  const path = join(plane.root, "registries/packages_registry.csv");
  writeFileSync(path, readFileSync(path, "utf8").replace(",active,", ",draft,"));
  const report = JSON.parse(ok(plane, "integrity-check", ["--json"]));
  expect(report.findings.map(({ code }: { code: string }) => code)).toContain("REGISTRY_EDITED");
  ok(plane, "pkg", ["pack", "--src", "modules/agent_runtime"]);
  const ledger = readFileSync(join(plane.root, "ledger/governance.jsonl"), "utf8");
  expect(ledger).toContain('"registry_edited"');
  expect(JSON.parse(ok(plane, "integrity-check", ["--json"])).findings).toEqual([]);
});

test("a simple agent package that uses the runtime installs and runs a turn", () => {
  const plane = makePlane({ with_sources: true });
  for (const name of ["stdlib_evidence", "agent_runtime", "example_agent"])
    ok(plane, "pkg", ["pack", "--src", `modules/${name}`]);
  ok(plane, "pkg", ["install", "PKG-T3-ECHO-001", "PKG-T1-RUNTIME-001", "PKG-T0-EVIDENCE-001"]);
  const turn = JSON.parse(ok(plane, "python3", ["-B", "-m", "modules.example_agent", "--query", "hello"]));
  expect(turn).toMatchObject({ status: "ok" });
  expect(JSON.parse(ok(plane, "integrity-check", ["--json"]))).toMatchObject({ healthy: true });
});

test("an archive from elsewhere is refused until its bytes are vouched for and its chain stands", () => {
  const plane = makePlane({ with_sources: true });
  ok(plane, "pkg", ["pack", "--src", "modules/stdlib_evidence"]);
  const elsewhere = makePlane();
  mkdirSync(join(elsewhere.root, "incoming"));
  writeFileSync(
    join(elsewhere.root, "incoming/e.tar.gz"),
    readFileSync(join(plane.root, "packages_store/PKG-T0-EVIDENCE-001.tar.gz")),
  );
  const { digest } = plane.pkg("pack", "--src", "modules/stdlib_evidence", "--dry-run", "--json").json();
  const before = tree(elsewhere);
  const refused = elsewhere.pkg(
    "install",
    "--archive",
    "incoming/e.tar.gz",
    "--id",
    "PKG-T0-EVIDENCE-001",
    "--json",
  );
  expect(refused.status).toBe(3);
  expect(refused.json().error.code).toBe("NOT_REGISTERED");
  const missing_chain = elsewhere.pkg(
    "install",
    "--archive",
    "incoming/e.tar.gz",
    "--digest",
    digest,
    "--json",
  );
  expect(missing_chain.json().error.code).toBe("SPEC_NOT_REGISTERED");
  expect(tree(elsewhere)).toEqual(before);
});
