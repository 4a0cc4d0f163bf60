import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import {
  authorise,
  findSecret,
  initAuth,
  issueToken,
  keysDirectory,
  keysPlaces,
  listTokens,
  readRoles,
  readTokenLog,
  readTokenSource,
  revokeToken,
  type TokenRequest,
  userToken,
} from "../../src/keys/index.ts";
import { aPlane, faultOf, PLANE_UID, type TestPlane } from "./plane-keys.ts";

async function initialised(env: Record<string, string> = {}) {
  const made = aPlane(env);
  const directory = keysDirectory(made.effects.host, PLANE_UID);
  const done = await initAuth(made.effects, { directory, ...made.plane, force: false });
  return { ...made, directory, places: done.places, found: findSecret(made.effects, made.plane) };
}

function stateOf({ effects, plane }: TestPlane) {
  const found = findSecret(effects, plane);
  return {
    secret: found.secret,
    roles: readRoles(effects.fs, found.roles_path),
    revoked: readTokenLog(effects.fs, found.token_log_path).revoked,
    plane_uid: plane.plane_uid,
    now_s: Math.floor(effects.clock.now_ms() / 1000),
  };
}

const aRequest = (changes: Partial<TokenRequest> = {}): TokenRequest => ({
  plane_uid: PLANE_UID,
  user: "ann",
  role: "maintainer",
  lifetime_s: 60,
  ...changes,
});

describe("initAuth", () => {
  test("directories 0700 and files 0600 even under umask 000", async () => {
    const before = process.umask(0);
    try {
      const { directory, home } = await initialised();
      const modes = Object.fromEntries(
        [
          `${home}/.holdfast`,
          `${home}/.holdfast/planes`,
          directory,
          ...readdirSync(directory).map((n) => `${directory}/${n}`),
        ]
          .filter((path) => !path.endsWith(".lock"))
          .map((path) => [path.replace(home, ""), (lstatSync(path).mode & 0o777).toString(8)]),
      );
      const keys = `/.holdfast/planes/${PLANE_UID}`;
      expect(modes).toEqual({
        "/.holdfast": "700",
        "/.holdfast/planes": "700",
        [keys]: "700",
        [`${keys}/admin.token`]: "600",
        [`${keys}/heads`]: "700",
        [`${keys}/roles.json`]: "600",
        [`${keys}/secrets.env`]: "600",
        [`${keys}/signing`]: "700",
        [`${keys}/tokens.jsonl`]: "600",
      });
    } finally {
      process.umask(before);
    }
  });

  test("its admin token works, older tokens too, and neither text nor secret is in the list of tokens", async () => {
    const made = await initialised();
    const token = readTokenSource(made.effects, { token_file: made.places.admin_token }).token;
    expect(authorise(stateOf(made), token, { action: "rollback" }).role).toBe("admin");
    const older = userToken("maintainer", made.found.secret);
    expect(authorise(stateOf(made), older, { action: "install" }).role).toBe("maintainer");
    const log = readFileSync(made.places.token_log, "utf8");
    expect(log).not.toContain(made.found.secret);
    expect(log).not.toContain(token?.split(".")[2]);
  });

  test("refuses a second time; force replaces the secret", async () => {
    const made = await initialised();
    const options = { directory: made.directory, ...made.plane };
    expect((await faultOf(() => initAuth(made.effects, { ...options, force: false }))).code).toBe(
      "AUTH_EXISTS",
    );
    const old = readTokenSource(made.effects, { token_file: made.places.admin_token }).token;
    await initAuth(made.effects, { ...options, force: true });
    expect((await faultOf(() => authorise(stateOf(made), old, { action: "verify" }))).code).toBe(
      "AUTH_TOKEN_INVALID",
    );
  });

  test("two at once: one wins, and its token works", async () => {
    const made = aPlane();
    const directory = keysDirectory(made.effects.host, PLANE_UID);
    const tries = [1, 2, 3].map(() => initAuth(made.effects, { directory, ...made.plane, force: false }));
    const results = await Promise.allSettled(tries);
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    const token = readTokenSource(made.effects, { token_file: keysPlaces(directory).admin_token }).token;
    expect(authorise(stateOf(made), token, { action: "verify" }).user).toBe("admin");
  });

  test("an interrupted one can be repeated", async () => {
    const made = aPlane();
    const directory = keysDirectory(made.effects.host, PLANE_UID);
    mkdirSync(`${directory}/heads`, { recursive: true, mode: 0o700 });
    writeFileSync(`${directory}/roles.json`, "{", { mode: 0o600 });
    await initAuth(made.effects, { directory, ...made.plane, force: false });
    expect(stateOf(made).roles.get("admin")).toBe("admin");
  });

  test.each(["keys", "../plane/x/../keys", "not-there/../../plane/keys"])(
    "refuses keys inside the plane: %s",
    async (path) => {
      const { effects, plane } = aPlane();
      const directory = `${plane.plane_root}/${path}`;
      const fault = await faultOf(() => initAuth(effects, { directory, ...plane, force: false }));
      expect(fault.code).toBe("AUTH_KEYS_INSIDE_PLANE");
      expect(readdirSync(plane.plane_root)).toEqual([]);
    },
  );

  test("refuses keys inside the plane behind a link, in every use", async () => {
    const made = aPlane();
    symlinkSync(made.plane.plane_root, `${made.home}/.holdfast`);
    const directory = keysDirectory(made.effects.host, PLANE_UID);
    const fault = await faultOf(() => initAuth(made.effects, { directory, ...made.plane, force: false }));
    expect(fault.code).toBe("AUTH_KEYS_INSIDE_PLANE");
    expect((await faultOf(() => findSecret(made.effects, made.plane))).code).toBe("AUTH_KEYS_INSIDE_PLANE");
  });

  test("a directory others may write is refused", async () => {
    const made = aPlane();
    const directory = keysDirectory(made.effects.host, PLANE_UID);
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o777);
    const fault = await faultOf(() => initAuth(made.effects, { directory, ...made.plane, force: false }));
    expect([fault.code, fault.next_step]).toEqual(["AUTH_SECRET_EXPOSED", `Run: chmod 700 ${directory}`]);
  });
});

describe("findSecret", () => {
  const file = (path: string, text: string, mode = 0o600): string => {
    mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
    return path;
  };

  test("nothing anywhere", async () => {
    const { effects, plane } = aPlane();
    expect((await faultOf(() => findSecret(effects, plane))).code).toBe("AUTH_NOT_INITIALISED");
  });

  test("order: environment, named file, keys directory, home, beside the plane", () => {
    const env: Record<string, string> = {};
    const { effects, plane, home } = aPlane(env);
    const beside = file(
      `${plane.plane_root}/../_external_secrets/control_plane_v2/secrets.env`,
      "CONTROL_PLANE_SHARED_SECRET=five",
    );
    expect(findSecret(effects, plane).secret).toBe("five");
    expect(existsSync(beside)).toBe(true);
    file(`${home}/.control_plane_v2/secrets.env`, "# old\nexport CONTROL_PLANE_SHARED_SECRET='four'\r\n");
    expect(findSecret(effects, plane)).toMatchObject({
      secret: "four",
      roles_path: `${home}/.control_plane_v2/roles.json`,
    });
    const directory = keysDirectory(effects.host, PLANE_UID);
    file(`${directory}/secrets.env`, "OTHER=1\nCONTROL_PLANE_SHARED_SECRET=th=ree\n");
    expect(findSecret(effects, plane).secret).toBe("th=ree");
    env["CONTROL_PLANE_SECRETS_FILE"] = file(`${home}/named.env`, "CONTROL_PLANE_SHARED_SECRET=two");
    expect(findSecret(effects, plane).roles_path).toBe(`${home}/roles.json`);
    env["CONTROL_PLANE_SHARED_SECRET"] = "one";
    expect(findSecret(effects, plane)).toEqual({
      secret: "one",
      source: "environment",
      roles_path: `${directory}/roles.json`,
      token_log_path: `${directory}/tokens.jsonl`,
    });
  });

  test.each([0o640, 0o604, 0o660, 0o601])("mode %o is exposed", async (mode) => {
    const { effects, plane, home } = aPlane();
    const path = file(
      `${home}/.control_plane_v2/secrets.env`,
      "CONTROL_PLANE_SHARED_SECRET=hidden-value",
      mode,
    );
    const fault = await faultOf(() => findSecret(effects, plane));
    expect([fault.code, fault.next_step]).toEqual(["AUTH_SECRET_EXPOSED", `Run: chmod 600 ${path}`]);
    expect(JSON.stringify(fault)).not.toContain("hidden-value");
  });

  test.each([
    ["no such key", "OTHER=hidden-value\n"],
    ["empty value", "CONTROL_PLANE_SHARED_SECRET=\n"],
    ["not KEY=VALUE", "hidden-value\n"],
  ])("damaged: %s", async (_what, text) => {
    const { effects, plane, home } = aPlane();
    file(`${home}/.control_plane_v2/secrets.env`, text);
    const fault = await faultOf(() => findSecret(effects, plane));
    expect(fault.code).toBe("AUTH_STATE_DAMAGED");
    expect(JSON.stringify(fault)).not.toContain("hidden-value");
  });

  test("a named file that is missing, a directory, or inside the plane", async () => {
    const env: Record<string, string> = { CONTROL_PLANE_SECRETS_FILE: "nowhere.env" };
    const { effects, plane, home } = aPlane(env);
    expect((await faultOf(() => findSecret(effects, plane))).code).toBe("AUTH_SECRET_UNREADABLE");
    env["CONTROL_PLANE_SECRETS_FILE"] = home;
    expect((await faultOf(() => findSecret(effects, plane))).code).toBe("AUTH_SECRET_UNREADABLE");
    env["CONTROL_PLANE_SECRETS_FILE"] = file(`${plane.plane_root}/s.env`, "CONTROL_PLANE_SHARED_SECRET=x");
    expect((await faultOf(() => findSecret(effects, plane))).code).toBe("AUTH_KEYS_INSIDE_PLANE");
  });
});

describe("issuing, revoking, listing", () => {
  test("a token works until it is revoked by id", async () => {
    const made = await initialised();
    const { token, claims } = await issueToken(
      made.effects,
      made.found,
      aRequest({ packages: ["PKG-A-001"] }),
    );
    const request = { action: "install", package_ids: ["PKG-A-001"] } as const;
    expect(authorise(stateOf(made), token, request)).toMatchObject({ user: "ann", role: "maintainer" });
    await revokeToken(made.effects, made.found, { token_id: claims.token_id });
    expect((await faultOf(() => authorise(stateOf(made), token, request))).code).toBe("AUTH_TOKEN_REVOKED");
    expect(listTokens(made.effects.fs, made.found)).toMatchObject([
      { user: "admin", role: "admin", revoked: false },
      { user: "maintainer", role: "maintainer", revoked: false },
      { user: "admin", role: "admin", revoked: false },
      { token_id: claims.token_id, user: "ann", revoked: true, narrowing: { packages: ["PKG-A-001"] } },
    ]);
  });

  test("a user is revoked with the older token and all of ours", async () => {
    const made = await initialised();
    const { token } = await issueToken(made.effects, made.found, aRequest({ user: "maintainer" }));
    await revokeToken(made.effects, made.found, { user: "maintainer" });
    for (const text of [token, userToken("maintainer", made.found.secret)]) {
      expect((await faultOf(() => authorise(stateOf(made), text, { action: "verify" }))).code).toBe(
        "AUTH_TOKEN_REVOKED",
      );
    }
    expect(listTokens(made.effects.fs, made.found).filter(({ revoked }) => revoked)).toHaveLength(2);
  });

  test("a misspelt id or user is an error, not silence", async () => {
    const made = await initialised();
    const { effects, found } = made;
    expect((await faultOf(() => revokeToken(effects, found, { token_id: "f".repeat(16) }))).code).toBe(
      "AUTH_TOKEN_UNKNOWN",
    );
    expect((await faultOf(() => revokeToken(effects, found, { user: "anne" }))).code).toBe(
      "AUTH_USER_UNKNOWN",
    );
  });

  test.each([
    ["user", aRequest({ user: "a b" })],
    ["user", aRequest({ user: "" })],
    ["role", aRequest({ role: "root" as "admin" })],
    ["lifetime_s", aRequest({ lifetime_s: 0 })],
    ["lifetime_s", aRequest({ lifetime_s: 1e12 })],
    ["actions", aRequest({ actions: ["rollback"] })],
    ["actions", aRequest({ actions: ["fly" as "pack"] })],
    ["actions", aRequest({ role: "admin", actions: ["auth_admin"] })],
    ["tiers", aRequest({ tiers: ["T9" as "T1"] })],
    ["packages", aRequest({ packages: ["../x"] })],
    ["packages", aRequest({ packages: Array.from({ length: 300 }, (_, i) => `PKG-A-${i}`) })],
    ["plane_uid", aRequest({ plane_uid: "x" })],
  ])("refuses a request with a bad %s", async (field, request) => {
    const made = await initialised();
    const fault = await faultOf(() => issueToken(made.effects, made.found, request));
    expect([fault.code, fault.details]).toEqual(["AUTH_REQUEST_INVALID", { field }]);
  });

  test.each(["not json\n", "{}\n", '{"event":"revoked","revoked_at_s":1}\n', "\n"])(
    "damaged list %j fails closed",
    async (text) => {
      const made = await initialised();
      const before = readFileSync(made.places.token_log, "utf8");
      writeFileSync(made.places.token_log, text + before);
      expect((await faultOf(() => stateOf(made))).code).toBe("AUTH_STATE_DAMAGED");
    },
  );

  test("a tail cut by a crash is ignored and then cut; a whole one without newline counts and stays", async () => {
    const made = await initialised();
    const before = readFileSync(made.places.token_log, "utf8");
    writeFileSync(made.places.token_log, `${before}{"event": "revok`);
    expect(stateOf(made).revoked.users.size).toBe(0);
    await issueToken(made.effects, made.found, aRequest());
    expect(readFileSync(made.places.token_log, "utf8")).not.toContain('"revok');
    const now = readFileSync(made.places.token_log, "utf8");
    writeFileSync(made.places.token_log, `${now}{"event": "revoked", "revoked_at_s": 9, "user": "zoe"}`);
    await issueToken(made.effects, made.found, aRequest());
    expect([...stateOf(made).revoked.users.keys()]).toEqual(["zoe"]);
  });

  test.each(['{"ann": "root"}', "[]", "{", "null"])("damaged roles %s fail closed", async (text) => {
    const made = await initialised();
    writeFileSync(made.places.roles, text);
    expect((await faultOf(() => stateOf(made))).code).toBe("AUTH_STATE_DAMAGED");
  });

  test("parallel issuing loses no record", async () => {
    const made = await initialised();
    await Promise.all(Array.from({ length: 8 }, () => issueToken(made.effects, made.found, aRequest())));
    expect(readTokenLog(made.effects.fs, made.places.token_log).issued).toHaveLength(9);
  });
});

describe("readTokenSource", () => {
  test("precedence and the trimmed newline", () => {
    const env: Record<string, string> = {};
    const { effects, home } = aPlane(env);
    expect(readTokenSource(effects, {})).toEqual({ token: undefined, source: "none", warnings: [] });
    env["CONTROL_PLANE_TOKEN"] = "five";
    expect(readTokenSource(effects, {}).token).toBe("five");
    env["HOLDFAST_TOKEN"] = "four\n";
    expect(readTokenSource(effects, {})).toEqual({ token: "four", source: "HOLDFAST_TOKEN", warnings: [] });
    expect(readTokenSource(effects, { token_fd_text: "three\n" }).token).toBe("three");
    writeFileSync(`${home}/t`, "two\r\n", { mode: 0o644 });
    const from_file = readTokenSource(effects, { token_file: "home/t", token_fd_text: "three" });
    expect(from_file).toMatchObject({ token: "two", source: "--token-file" });
    expect(from_file.warnings).toHaveLength(1);
    expect(readTokenSource(effects, { token: "one\n\n", token_file: "home/t" }).token).toBe("one\n");
  });

  test.each(["nowhere", "home", "home/big"])("unreadable file %s", async (path) => {
    const { effects, home } = aPlane();
    writeFileSync(`${home}/big`, "x".repeat(70_000));
    const fault = await faultOf(() => readTokenSource(effects, { token_file: path }));
    expect(fault.code).toBe("AUTH_TOKEN_SOURCE_UNREADABLE");
  });
});
