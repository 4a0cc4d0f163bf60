/** A Python control plane as its own tools leave it, with every defect an import must survive. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const sha = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

export interface PythonPlane {
  readonly root: string;
  readonly put: (path: string, bytes: string | Buffer, mode?: number) => void;
}

export const OWNED = {
  evidence: "modules/stdlib_evidence/__init__.py",
  runtime: "modules/agent_runtime/runner.py",
  drifted: "modules/agent_runtime/session.py",
  factory: "lib/factory.py",
  kernel: "lib/paths.py",
} as const;

export function pythonPlane(root: string): PythonPlane {
  const put: PythonPlane["put"] = (path, bytes, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes, { mode });
  };
  const plane = { root, put };
  putTree(plane);
  putPackages(plane);
  putStore(plane);
  putRegistries(plane);
  putLedgers(plane);
  return plane;
}

function putTree({ root, put }: PythonPlane): void {
  put("VERSION", "2.0.0-v2\n");
  put("tier.json", `${JSON.stringify({ tier: "HO3", ledger_path: "ledger/governance.jsonl" }, null, 2)}\n`);
  put("config/governed_roots.json", '{"governed_roots": ["lib", "scripts"]}\n');
  put("scripts/trace.py", "print('the older trace')\n", 0o755);
  put("scripts/cp_inspect.py", "print('inspect')\n", 0o755);
  put("frameworks/FMWK-100_agent_development_standard.md", "# FMWK-100: Standard\n");
  put(OWNED.evidence, "VERSION = '1'\n");
  put(OWNED.runtime, "RUN = 1\n");
  put(OWNED.drifted, "edited by hand\n");
  put("modules/agent_runtime/tool.sh", "#!/bin/sh\n", 0o755);
  put(OWNED.factory, "FACTORY = 1\n");
  put(OWNED.kernel, "PATHS = 1\n");
  put("lib/orphan.py", "ORPHAN = 1\n");
  put("lib/__pycache__/orphan.cpython-311.pyc", "bytecode");
  put("_external_secrets/control_plane_v2/secrets.env", "CONTROL_PLANE_SHARED_SECRET=abc\n");
  put("config/secrets.env", "CONTROL_PLANE_TOKEN_ADMIN=abc\n");
  symlinkSync("/etc/passwd", join(root, "lib/link.py"));
  execFileSync("mkfifo", [join(root, "lib/pipe")]);
  put("planes/ho1/sessions/SES-20261121-ann-9e1b3da2/ledger/exec.jsonl", sessionLines());
}

const asset = (root: string, path: string, classification: string, bytes?: string) => ({
  path,
  sha256: `sha256:${sha(bytes ?? readFileSync(join(root, path)))}`,
  classification,
});

function putPackages(plane: PythonPlane): void {
  const { root, put } = plane;
  const own = (path: string, classification = "module") => asset(root, path, classification);
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const install = (id: string, manifest: unknown, receipt: unknown, tier = ""): void => {
    put(`${tier}installed/${id}/manifest.json`, json(manifest));
    put(`${tier}installed/${id}/receipt.json`, json(receipt));
  };
  const form = {
    schema_version: "1.2",
    version: "1.0.0",
    package_type: "library",
    plane_id: "ho3",
    metadata: {},
  };
  const receipt = {
    origin: "INSTALLER",
    receipt_version: "1.0",
    installed_at: "2026-02-03T06:11:46.817227+00:00",
  };
  install(
    "PKG-T0-EVIDENCE-001",
    {
      ...form,
      package_id: "PKG-T0-EVIDENCE-001",
      tier: "T0",
      assets: [own(OWNED.evidence)],
      dependencies: [],
    },
    receipt,
  );
  install(
    "PKG-T1-RUNTIME-001",
    {
      ...form,
      package_id: "PKG-T1-RUNTIME-001",
      tier: "T1",
      assets: [
        own(OWNED.runtime),
        asset(root, OWNED.drifted, "module", "as it was\n"),
        own("modules/agent_runtime/tool.sh", "other"),
        { path: "modules/agent_runtime/gone.py", sha256: `sha256:${sha("gone")}`, classification: "module" },
        { path: "../../etc/passwd", sha256: `sha256:${sha("x")}`, classification: "module" },
        {
          path: "lib/link.py",
          sha256: `sha256:${sha(readFileSync("/etc/passwd"))}`,
          classification: "module",
        },
      ],
      dependencies: ["PKG-T0-EVIDENCE-001", "PKG-T0-ABSENT-001"],
      capabilities: { read: "not a list" },
    },
    receipt,
  );
  install(
    "PKG-FACTORY-001",
    {
      schema_version: "1.0",
      id: "PKG-FACTORY-001",
      name: "Factory",
      version: "1.0",
      tier: "T2",
      artifact_paths: [`/${OWNED.factory}`],
      deps: [],
    },
    {
      id: "PKG-FACTORY-001",
      installer: "factory",
      files: [{ path: OWNED.factory, sha256: sha("FACTORY = 1\n") }],
    },
  );
  const kernel = {
    package_id: "PKG-KERNEL-001",
    package_type: "kernel",
    tier: "G0",
    version: "1.0.0",
    assets: [own(OWNED.kernel, "code")],
  };
  for (const tier of ["", "planes/ho2/", "planes/ho1/"])
    install("PKG-KERNEL-001", kernel, { package_id: "PKG-KERNEL-001", assets_count: 1 }, tier);
  const all = [
    ...Object.values(OWNED).filter((path) => path !== OWNED.drifted),
    "lib/orphan.py",
    "config/governed_roots.json",
    "scripts/trace.py",
  ];
  install(
    "PKG-BASELINE-HO3-000",
    {
      ...form,
      package_id: "PKG-BASELINE-HO3-000",
      package_type: "baseline",
      assets: all.map((path) => own(path, "code")),
    },
    receipt,
  );
  put("installed/PKG-LIST-001/manifest.json", "[]");
  install("PKG-WRONG-001", { ...form, package_id: "PKG-OTHER-001", assets: [] }, receipt);
}

function putStore({ root, put }: PythonPlane): void {
  const pack = (name: string, folder: string, ...members: string[]): void => {
    mkdirSync(join(root, "packages_store"), { recursive: true });
    execFileSync("tar", ["-czf", join(root, "packages_store", name), "-C", folder, ...members]);
  };
  // By another packer: file times, owners, one leading folder, a checksum in sha256sum's form.
  const id = "PKG-T0-EVIDENCE-001";
  const work = join(root, "work");
  const member = (path: string): string => join(work, id, path);
  mkdirSync(dirname(member(OWNED.evidence)), { recursive: true });
  writeFileSync(member("manifest.json"), readFileSync(join(root, `installed/${id}/manifest.json`)));
  writeFileSync(member(OWNED.evidence), readFileSync(join(root, OWNED.evidence)));
  pack(`${id}.tar.gz`, work, id);
  put(
    `packages_store/${id}.tar.gz.sha256`,
    `${sha(readFileSync(join(root, `packages_store/${id}.tar.gz`)))}  ${id}.tar.gz\n`,
  );
  pack(
    "FMWK-100_agent_development_standard.tar.gz",
    join(root, "frameworks"),
    "FMWK-100_agent_development_standard.md",
  );
  pack("hostile.tar.gz", root, "lib/link.py");
  put("packages_store/hostile.tar.gz.sha256", "0".repeat(64));
  put("packages_store/PKG-T0-EVIDENCE-001.tar.gz.sig", '{"version": "1.0"}');
  rmSync(work, { recursive: true });
}

const PACKAGES =
  "id,name,entity_type,category,version,source,source_type,digest,signature,attestation_path,attestation_digest,attestation_signature_path,platform,arch,deps,conflicts,license,artifact_path,output_type,output_path,status,selected,priority,owner,created_at,source_spec_id,content_hash";
const ARTIFACTS =
  "id,name,entity_type,category,purpose,artifact_path,status,selected,priority,dependencies,output_type,output_path,version,owner,created_at,source_spec_id,content_hash,config";

function putRegistries({ root, put }: PythonPlane): void {
  const lines = (...rows: string[]): string => `${rows.join("\r\n")}\r\n`;
  const digest = (path: string): string => sha(readFileSync(join(root, path)));
  const framework = "packages_store/FMWK-100_agent_development_standard.tar.gz";
  const evidence = "packages_store/PKG-T0-EVIDENCE-001.tar.gz";
  const rest = ",,,,,any,any,,,MIT,/frameworks/x.md,extension,,active,yes,P1,system,2026-01-30,,";
  put(
    "registries/packages_registry.csv",
    lines(
      PACKAGES,
      `PKG-FMWK-100,"Standard, the",package,framework,1.0.0,${framework},tar,${digest(framework)}${rest}`,
      `PKG-T0-EVIDENCE-001,Evidence,package,library,1.0.0,${evidence},tar,${digest(evidence)}${rest}`,
    ),
  );
  put(
    "registries/control_plane_registry.csv",
    lines(
      ARTIFACTS,
      `SCRIPT-TRACE,Trace,script,governance,Explain ↔ all,/scripts/trace.py,active,yes,P0,"LIB-PATHS,LIB-X",extension,,2.0.0,system,2026-01-30,,${digest("scripts/trace.py")},`,
      `LIB-PATHS,Paths,lib,governance,,/lib/paths.py,active,yes,P0,,extension,,2.0.0,system,2026-01-30,,${digest("lib/paths.py")},`,
    ),
  );
  put(
    "registries/frameworks_registry.csv",
    "framework_id,title,status,version,plane_id,created_at\nFMWK-100,Standard,active,1.0.0,ho3,2026-01-30T00:00:00Z\n",
  );
  put(
    "registries/specs_registry.csv",
    lines(
      "spec_id,title,framework_id,status,version,plane_id,created_at",
      "SPEC-RUNTIME-001,Runtime,FMWK-100,active,1.0.0,ho3,2026-02-03T00:00:00Z",
    ),
  );
  put("registries/prompts_registry.csv", "prompt_id,title,status,hash,created,updated\n");
  const baseline = (path: string): string =>
    `${path},PKG-BASELINE-HO3-000,sha256:${digest(path)},code,2026-02-03T06:11:46.817227+00:00`;
  const paths = [
    "config/governed_roots.json",
    "lib/factory.py",
    "lib/orphan.py",
    "lib/paths.py",
    "scripts/trace.py",
  ];
  put(
    "registries/file_ownership.csv",
    lines("file_path,owner_package_id,sha256,classification,installed_at", ...paths.map(baseline)),
  );
  put(
    "registries/packages_state.csv",
    lines(
      "package_id,status,manifest_hash,package_type,plane_id,assets_count,installed_at,uninstalled_at",
      `PKG-BASELINE-HO3-000,installed,sha256:${"d".repeat(64)},baseline,ho3,137,2026-02-03T06:11:46.817227+00:00,`,
    ),
  );
  put("registries/compiled/packages.json", '{"packages": []}\n');
}

type Entry = Record<string, unknown>;

/** As Python's json.dumps writes it, with sorted keys where asked. */
function dumps(value: unknown, sorted = false): string {
  if (Array.isArray(value)) return `[${value.map((one) => dumps(one, sorted)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}: ${dumps(inner, sorted)}`).join(", ")}}`;
}

/** One line of the older writer and its hash. */
export function olderLine(
  number: number,
  previous_hash: string,
  more: Entry = {},
): { line: string; hash: string } {
  const entry: Entry = {
    event_type: "WO_APPROVED",
    submission_id: `S-${number}`,
    decision: "APPROVED",
    reason: `grüße ${number}`,
    prompts_used: [],
    metadata: { number, _tier: "HO3" },
    id: `LED-${number.toString(16).padStart(8, "0")}`,
    timestamp: "2026-02-03T06:11:46.817227+00:00",
    previous_hash,
    ...more,
  };
  const hash = sha(dumps(entry, true));
  return { line: dumps({ ...entry, entry_hash: hash }), hash };
}

export function olderChain(count: number, first = 1, previous = ""): { lines: string[]; last: string } {
  const lines: string[] = [];
  let last = previous;
  for (let number = first; number < first + count; number++) {
    const { line, hash } = olderLine(number, last);
    lines.push(line);
    last = hash;
  }
  return { lines, last };
}

const file = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

function putLedgers({ put }: PythonPlane): void {
  const { lines, last } = olderChain(6);
  const edited = (lines[2] ?? "").replace("APPROVED", "REJECTED");
  const again = olderLine(2, last, { submission_id: "the id of line 2 again" });
  const hashless = dumps({ event_type: "legacy", id: "LED-0000ffff" });
  const extra = olderLine(8, "f".repeat(64), { extra: true });
  put(
    "ledger/governance.jsonl",
    `${file([...lines.slice(0, 2), edited, ...lines.slice(3), again.line, "{not json", hashless, extra.line, ""])}torn`,
  );
  // Every later day forks from the first file again.
  put(
    "ledger/governance-20260204-000001.jsonl",
    file([...olderChain(3, 20, last).lines, olderLine(24, "e".repeat(64)).line]),
  );
  put("ledger/governance-20260205-000001.jsonl", file(olderChain(2, 30, last).lines));
  put("ledger/packages.jsonl", file(olderChain(4, 40).lines));
  put("ledger/kernel.jsonl", file(olderChain(1, 50).lines));
  put("ledger/index.jsonl", '{"segment": "governance.jsonl", "count": 6}\n');
  put("ledger/idx/governance.json", "{}");
  put("ledger/cursors/cursor_0123456789abcdef.json", "{}");
  put("planes/ho2/ledger/workorder.jsonl", file(olderChain(2, 60).lines));
  put("planes/ho1/ledger/worker.jsonl", file(olderChain(2, 70).lines));
}

/** The second form: another hash prefix, no id, and a chain that every writer starts anew. */
function sessionLines(): string {
  return file(
    [1, 2].map((turn) => {
      const entry = {
        event_type: "agent_turn",
        timestamp: "2026-11-21T02:58:51+00:00",
        turn_number: turn,
        previous_hash: "",
      };
      return dumps({ ...entry, entry_hash: `sha256:${sha(dumps(entry, true))}` });
    }),
  );
}
