/** Tokens and secrets of the Python control plane keep working, and no token is ever seen outside the hands it was given to. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makePlane, type PlaneUnderTest, runProgram, type Started, startProgram } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";
import { ok, planesLike, put } from "./scenes.ts";

const newPlane = planesLike((folder) => {
  const plane = makePlane({ folder });
  put(plane, "modules/hello/main.py", "print('hello')\n");
  return plane;
});
const keysOf = (plane: PlaneUnderTest): string => join(plane.home, ".holdfast/planes", plane.plane_uid);
const secretOf = (plane: PlaneUnderTest): string =>
  /CONTROL_PLANE_SHARED_SECRET=(.+)/.exec(readFileSync(join(keysOf(plane), "secrets.env"), "utf8"))?.[1] ??
  "";
const withoutToken = ({ env: { HOLDFAST_TOKEN: _token, ...env } }: PlaneUnderTest): Record<string, string> =>
  env;

/** As the older control plane makes them: `user:` and the hex HMAC-SHA256 of the user under the secret. */
function pythonToken(plane: PlaneUnderTest, user: string, secret: string): string {
  const script =
    "import hashlib,hmac,sys;print(sys.argv[1]+':'+hmac.new(sys.argv[2].encode(),sys.argv[1].encode(),hashlib.sha256).hexdigest())";
  return ok(plane, "python3", "-c", script, user, secret).stdout.trim();
}

function giveRoles(folder: string, roles: Record<string, string>): void {
  writeFileSync(join(folder, "roles.json"), JSON.stringify(roles), { mode: 0o600 });
}

describe("user:HMAC tokens", () => {
  test("have the role of roles.json; a user it does not name is a reader", () => {
    const plane = newPlane();
    const secret = secretOf(plane);
    expect(secret.length).toBeGreaterThan(20);
    giveRoles(keysOf(plane), { ann: "maintainer", ada: "admin", aud: "auditor" });
    const as = (user: string, ...args: string[]) =>
      plane.run("pkg", [...args, "--token", pythonToken(plane, user, secret), "--json"]);
    expect(as("ann", "auth", "whoami").json()).toMatchObject({ user: "ann", role: "maintainer" });
    expect(as("ann", "pack", "--src", "modules/hello", "--id", "PKG-T2-HELLO-001").status).toBe(0);
    const may_not = as("ann", "auth", "issue", "--user", "x", "--role", "admin");
    expect([may_not.status, may_not.json().error.code]).toEqual([3, "AUTH_ROLE"]);
    expect(as("ada", "auth", "issue", "--user", "x", "--role", "reader").status).toBe(0);
    for (const user of ["aud", "nobody-knows", "__proto__", "constructor"]) {
      const refused = as(user, "install", "PKG-T2-HELLO-001");
      expect([user, refused.status, refused.json().error.code]).toEqual([user, 3, "AUTH_ROLE"]);
    }
    expect(as("nobody-knows", "auth", "whoami").json()).toMatchObject({ role: "reader" });
    expect(as("ann", "install", "PKG-T2-HELLO-001").status).toBe(0);
    const last = JSON.parse(
      readFileSync(join(plane.root, "ledger/packages.jsonl"), "utf8").trim().split("\n").at(-1) ?? "",
    );
    expect(last).toMatchObject({ event_type: "INSTALLED", metadata: { user: "ann" } });
  });

  test("of another secret, cut short, in capitals or without a user are refused", () => {
    const plane = newPlane();
    giveRoles(keysOf(plane), { ann: "admin" });
    const good = pythonToken(plane, "ann", secretOf(plane));
    const bad = [
      pythonToken(plane, "ann", "another secret"),
      good.slice(0, -1),
      `${good}0`,
      `ann:${(good.split(":")[1] ?? "").toUpperCase()}`,
      `bob:${good.split(":")[1]}`,
      good.slice(good.indexOf(":")),
      ` ${good}`,
      "änn:00",
    ];
    for (const token of bad) {
      const refused = plane.pkg("auth", "whoami", "--token", token, "--json");
      expect(refused.status, token).toBe(3);
      expect(refused.json().error.code, token).toMatch(/^AUTH_TOKEN_(INVALID|MALFORMED)$/);
      expect(refused.stdout + refused.stderr).not.toContain(token);
    }
    expect(plane.pkg("auth", "whoami", "--token", good).status).toBe(0);
  });

  test("end for a user who was revoked", () => {
    const plane = newPlane();
    giveRoles(keysOf(plane), { ann: "maintainer" });
    const token = pythonToken(plane, "ann", secretOf(plane));
    ok(plane, "pkg", "auth", "revoke", "--user", "ann");
    const refused = plane.pkg("auth", "whoami", "--token", token, "--json");
    expect([refused.status, refused.json().error.code]).toEqual([3, "AUTH_TOKEN_REVOKED"]);
  });
});

describe("where tokens and secrets are found", () => {
  test("--token before --token-file before HOLDFAST_TOKEN before CONTROL_PLANE_TOKEN", () => {
    const plane = newPlane();
    const secret = secretOf(plane);
    const [one, two, three, four] = ["one", "two", "three", "four"].map((user) =>
      pythonToken(plane, user, secret),
    );
    const file = join(plane.home, "token");
    writeFileSync(file, `${two}\n`, { mode: 0o600 });
    const both = { ...withoutToken(plane), HOLDFAST_TOKEN: three ?? "", CONTROL_PLANE_TOKEN: four ?? "" };
    const who = (env: Record<string, string>, ...args: string[]): unknown =>
      (plane.run("pkg", ["auth", "whoami", "--json", ...args], { env }).json() as { user: string }).user;
    expect(who(both, "--token", one ?? "", "--token-file", file)).toBe("one");
    expect(who(both, "--token-file", file)).toBe("two");
    expect(who(both)).toBe("three");
    expect(who({ ...both, HOLDFAST_TOKEN: "" })).toBe("four");
    const script = (...args: string[]) =>
      plane.run(
        "python3",
        ["scripts/package_pack.py", "--src", "modules/hello", "--id", "PKG-T2-HELLO-001", "--json", ...args],
        {
          env: { ...withoutToken(plane), CONTROL_PLANE_TOKEN: plane.token },
        },
      );
    expect(script().status).toBe(0);
    const other = script("--token", four ?? "");
    expect([other.status, other.json().error.code]).toEqual([3, "AUTH_ROLE"]);
    const missing = plane.pkg("auth", "whoami", "--token-file", join(plane.home, "none"), "--json");
    expect([missing.status, missing.json().error.code]).toEqual([2, "AUTH_TOKEN_SOURCE_UNREADABLE"]);
  });

  test("CONTROL_PLANE_SECRETS_FILE and CONTROL_PLANE_SHARED_SECRET; an exposed or missing file is refused", () => {
    const plane = newPlane();
    const folder = join(plane.home, "older");
    mkdirSync(folder, { mode: 0o700 });
    const file = join(folder, "secrets.env");
    const secret = "s3cret of the older plane ü";
    writeFileSync(
      file,
      `# made by cp_init_auth\nexport CONTROL_PLANE_SHARED_SECRET="${secret}"\nCONTROL_PLANE_TOKEN_ADMIN=x\n`,
      {
        mode: 0o600,
      },
    );
    giveRoles(folder, { ann: "maintainer" });
    const token = pythonToken(plane, "ann", secret);
    const whoami = (env: Record<string, string>) =>
      plane.run("pkg", ["auth", "whoami", "--json"], {
        env: { ...plane.env, HOLDFAST_TOKEN: token, ...env },
      });
    expect(whoami({ CONTROL_PLANE_SECRETS_FILE: file }).json()).toMatchObject({
      user: "ann",
      role: "maintainer",
    });
    expect(whoami({ CONTROL_PLANE_SHARED_SECRET: secret }).json()).toMatchObject({ user: "ann" });
    expect(whoami({}).json().error.code).toBe("AUTH_TOKEN_INVALID");
    expect(whoami({ CONTROL_PLANE_SECRETS_FILE: join(folder, "none") }).json().error.code).toBe(
      "AUTH_SECRET_UNREADABLE",
    );
    runProgram("chmod", ["644", file], { cwd: folder, env: plane.env });
    expect(whoami({ CONTROL_PLANE_SECRETS_FILE: file }).json().error.code).toBe("AUTH_SECRET_EXPOSED");
  });

  test("keys are private from the start and lie outside the plane", () => {
    // Made here: a copy would not have the folders' modes.
    const plane = makePlane();
    const folder = keysOf(plane);
    for (const path of [join(plane.home, ".holdfast"), folder, join(folder, "heads")])
      expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
    for (const name of readdirSync(folder)) {
      const { mode } = statSync(join(folder, name));
      if (/secrets|token|roles/.test(name)) expect([name, mode & 0o077]).toEqual([name, 0]);
    }
    const secret = secretOf(plane);
    expect(plane.run("grep", ["-rlF", "-e", secret, "-e", plane.token, "."]).stdout).toBe("");
  });
});

test("an expired token is refused, and the refusal says when it ended", () => {
  const plane = newPlane();
  const issued = ok(
    plane,
    "pkg",
    "auth",
    "issue",
    "--user",
    "ci",
    "--role",
    "maintainer",
    "--days",
    "1",
    "--json",
  );
  const { token } = issued.json() as { token: string };
  const later = join(temporaryFolder(), "later.cjs");
  // The clock of one process, two days on: nothing else about the product is touched.
  writeFileSync(later, "const now = Date.now; Date.now = () => now() + 2 * 86_400_000;\n");
  const env = { ...plane.env, HOLDFAST_TOKEN: token };
  expect(plane.run("pkg", ["auth", "whoami"], { env }).status).toBe(0);
  const refused = plane.run("pkg", ["auth", "whoami", "--json"], {
    env: { ...env, NODE_OPTIONS: `--require ${later}` },
  });
  expect([refused.status, refused.json().error.code]).toEqual([3, "AUTH_TOKEN_EXPIRED"]);
  expect(refused.json().error.message).toMatch(/expired at 20\d\d-/);
});

interface Seen {
  readonly pid: number;
  readonly cmdline: string;
  readonly environ: string;
}

/** Command line and environment of a process and all below it, read over and over until it ends. */
async function watched({ child, ended }: Started): Promise<Seen[]> {
  const seen = new Map<string, Seen>();
  const own = child.pid ?? 0;
  const running = { now: true };
  void ended.then(() => {
    running.now = false;
  });
  while (running.now) {
    for (const pid of familyOf(own)) {
      const look = { pid, cmdline: procText(pid, "cmdline"), environ: procText(pid, "environ") };
      // Between fork and exec a child still shows its parent's memory.
      const is_parents = pid !== own && look.cmdline === procText(own, "cmdline");
      if (!is_parents && look.cmdline !== "") seen.set(Object.values(look).join("\n"), look);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { status, stdout, stderr } = await ended;
  expect(status, stdout + stderr).toBe(0);
  return [...seen.values()];
}

function procText(pid: number, name: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8").replaceAll("\0", "\n");
  } catch {
    // It ended between two looks.
    return "";
  }
}

function familyOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(familyOf)];
  } catch {
    return [];
  }
}

describe.runIf(existsSync("/proc/self/environ"))("a token stays in the hands it was given to", () => {
  test("python3 scripts/package_pack.py --token: not in the program's argv or environment, nor in anything it starts", async () => {
    const plane = newPlane();
    for (let i = 0; i < 200; i++) put(plane, `modules/hello/file_${i}.py`, `X = ${i}\n`);
    const words = [
      "scripts/package_pack.py",
      "--src",
      "modules/hello",
      "--id",
      "PKG-T2-HELLO-001",
      "--token",
      plane.token,
    ];
    const env = withoutToken(plane);
    const seen = await watched(startProgram("python3", words, { cwd: plane.root, env }));
    const program = seen.filter(({ cmdline }) => cmdline.includes("holdfast.cjs"));
    expect(program.length).toBeGreaterThan(0);
    expect(program[0]?.cmdline).toContain("--token-fd");
    // Until it becomes the program, Python's own command line holds what the user typed.
    const others = seen.filter(({ cmdline }) => !cmdline.includes("package_pack.py"));
    for (const { cmdline, environ } of others) expect(cmdline + environ).not.toContain(plane.token);
    for (const { environ } of seen) expect(environ).not.toContain(plane.token);
  });

  test("what pkg starts gets no token from its environment", async () => {
    const plane = newPlane();
    put(
      plane,
      "modules/hello/pyproject.toml",
      '[project]\nname = "hello"\nversion = "1.0.0"\nrequires-python = ">=3.9"\n[tool.holdfast]\nid = "PKG-T2-HELLO-001"\n',
    );
    const options = { cwd: plane.root, env: plane.env };
    const children: Seen[] = [];
    const commands: [string, string[]][] = [
      ["pkg", ["pack", "--src", "modules/hello"]],
      ["pkg", ["install", "PKG-T2-HELLO-001"]],
      ["integrity-check", ["--fix", "--json"]],
    ];
    for (const [program, words] of commands) {
      if (program === "integrity-check") ok(plane, "python3", "-c", "import modules.hello.main");
      const started = startProgram(program, words, options);
      const seen = await watched(started);
      children.push(...seen.filter(({ pid }) => pid !== started.child.pid));
    }
    expect(children.some(({ cmdline }) => cmdline.includes("python"))).toBe(true);
    for (const { cmdline, environ } of children) expect(cmdline + environ).not.toContain(plane.token);
  });

  test("not in ledgers, receipts, registries, store or output, refused or accepted", () => {
    const plane = newPlane();
    const issued = ok(plane, "pkg", "auth", "issue", "--user", "ci", "--role", "reader", "--json").json() as {
      token: string;
    };
    const secret = secretOf(plane);
    const runs = [
      plane.pkg("pack", "--src", "modules/hello", "--id", "PKG-T2-HELLO-001", "--token", plane.token),
      plane.pkg("install", "PKG-T2-HELLO-001", "--token", plane.token, "--json"),
      plane.pkg("install", "PKG-T2-HELLO-001", "--token", issued.token, "--json"),
      plane.pkg("install", plane.token, "--token", plane.token, "--json"),
      plane.pkg("auth", "list", "--json"),
      plane.pkg("auth", "whoami", "--token", plane.token, "--json"),
      plane.pkg("doctor", "--json"),
      plane.run("trace", ["--explain", plane.token]),
    ];
    expect(runs[3]?.json().error).toMatchObject({ code: "TOKEN_MISPLACED", details: { field: "id" } });
    // What the user typed as a package name or a question is theirs to see again.
    const output = runs
      .slice(0, -1)
      .map(({ stdout, stderr }) => stdout + stderr)
      .join("\n");
    for (const word of [plane.token, issued.token, secret]) {
      expect(output).not.toContain(word);
      expect(plane.run("grep", ["-rlF", word, "."]).stdout).toBe("");
      const stored = plane.run("grep", ["-rlF", word, plane.home]).stdout.trim().split("\n").filter(Boolean);
      expect(
        stored
          .map((path) => path.split("/").at(-1))
          .filter((name) => !["admin.token", "secrets.env"].includes(name ?? "")),
      ).toEqual([]);
    }
  });
});
