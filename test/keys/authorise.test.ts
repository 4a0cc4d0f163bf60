import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AUTH_ACTIONS,
  type AuthAction,
  ROLES,
  type Role,
  type TokenClaims,
} from "../../src/contracts/index.ts";
import { authorise } from "../../src/keys/authorise.ts";
import type { AuthState } from "../../src/keys/index.ts";
import { userToken, writeToken } from "../../src/keys/token-text.ts";
import { faultOf, PLANE_UID } from "./plane-keys.ts";

const SECRET = "s3cret-".repeat(8);
const NOW_S = 1_800_000_000;

function aState(changes: Partial<AuthState> = {}): AuthState {
  return {
    secret: SECRET,
    roles: new Map(ROLES.map((role) => [role, role])),
    revoked: { token_ids: new Set(), users: new Map() },
    plane_uid: PLANE_UID,
    now_s: NOW_S,
    ...changes,
  };
}

function aToken(changes: Partial<TokenClaims> = {}, secret = SECRET): string {
  const claims: TokenClaims = {
    token_id: "00112233aabbccdd",
    user: "ann",
    role: "admin",
    plane_uid: PLANE_UID,
    issued_at_s: NOW_S - 10,
    expires_at_s: NOW_S + 10,
    ...changes,
  };
  return writeToken(claims, secret);
}

const refusal = async (token: string | undefined, action: AuthAction = "install", state = aState()) => {
  const fault = await faultOf(() => authorise(state, token, { action }));
  expect(fault.exit_code).toBe(3);
  const shown = JSON.stringify(fault) + fault.stack;
  expect(shown).not.toContain(SECRET);
  if (token !== undefined && token.trim().length > 3) expect(shown).not.toContain(token);
  return fault.code;
};

describe("refusals", () => {
  test("no token, empty token", async () => {
    expect(await refusal(undefined)).toBe("AUTH_TOKEN_MISSING");
    expect(await refusal("")).toBe("AUTH_TOKEN_MISSING");
  });

  test.each([
    ["white space", "  \t"],
    ["white space around a good token", ` ${aToken()}`],
    ["newline inside", `${aToken()}\n`],
    ["NUL", "admin:\0".padEnd(70, "a")],
    ["non-ASCII", `admin:${"é".repeat(64)}`],
    ["lone surrogate", "admin:\ud800"],
    ["too long", `admin:${"a".repeat(4096)}`],
    ["no colon", "admin"],
    ["no user", `:${"a".repeat(64)}`],
    ["no signature", "admin:"],
    ["two parts", "hft1.abc"],
    ["four parts", `${aToken()}.abc`],
    ["not base64url", "hft1.a+b.c/d"],
    ["prefix alone", "hft1."],
  ])("malformed: %s", async (_what, token) => {
    expect(await refusal(token)).toBe("AUTH_TOKEN_MALFORMED");
  });

  test.each([
    ["another secret", aToken({}, "other")],
    ["another secret, older form", userToken("admin", "other")],
    ["short signature", "admin:ab"],
    ["long signature", `${userToken("admin", SECRET)}0`],
    ["upper-case signature", userToken("admin", SECRET).toUpperCase().replace("ADMIN", "admin")],
    ["signature of another user", userToken("reader", SECRET).replace("reader", "admin")],
    ["__proto__", `__proto__:${"a".repeat(64)}`],
    ["payload swapped", swapped(aToken({ role: "reader" }), aToken())],
    ["older signature of the same bytes", forgedFromOlder()],
  ])("invalid: %s", async (_what, token) => {
    expect(await refusal(token)).toBe("AUTH_TOKEN_INVALID");
  });

  test("foreign plane comes before expiry", async () => {
    const token = aToken({ plane_uid: "f".repeat(32), expires_at_s: 0 });
    expect(await refusal(token)).toBe("AUTH_TOKEN_FOREIGN_PLANE");
  });

  test("valid strictly before expires_at_s", async () => {
    const token = aToken({ expires_at_s: NOW_S });
    expect(await refusal(token)).toBe("AUTH_TOKEN_EXPIRED");
    expect(await refusal(token, "install", aState({ now_s: NOW_S + 1 }))).toBe("AUTH_TOKEN_EXPIRED");
    expect(authorise(aState({ now_s: NOW_S - 1 }), token, { action: "install" }).user).toBe("ann");
  });

  test("revoked by id, by user, and only what was issued until then", async () => {
    const by_id = aState({ revoked: { token_ids: new Set(["00112233aabbccdd"]), users: new Map() } });
    expect(await refusal(aToken(), "install", by_id)).toBe("AUTH_TOKEN_REVOKED");
    const by_user = aState({ revoked: { token_ids: new Set(), users: new Map([["ann", NOW_S - 10]]) } });
    expect(await refusal(aToken(), "install", by_user)).toBe("AUTH_TOKEN_REVOKED");
    expect(authorise(by_user, aToken({ issued_at_s: NOW_S - 9 }), { action: "install" }).user).toBe("ann");
    const older = aState({ revoked: { token_ids: new Set(), users: new Map([["admin", 0]]) } });
    expect(await refusal(userToken("admin", SECRET), "install", older)).toBe("AUTH_TOKEN_REVOKED");
  });

  test("an unknown claim could be a restriction, so it is refused", async () => {
    expect(await refusal(aToken({ only_on: "monday" } as object))).toBe("AUTH_TOKEN_MALFORMED");
  });

  test("no text makes it crash or pass", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string().map((s) => `hft1.${s}`),
        ),
        (token) => {
          expect(() => authorise(aState(), token, { action: "verify" })).toThrow(
            expect.objectContaining({ code: expect.stringMatching(/^AUTH_TOKEN_/) }),
          );
        },
      ),
      { seed: 7, numRuns: 500 },
    );
  });

  test("no single changed character passes", async () => {
    const token = aToken();
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(["AUTH_TOKEN_INVALID", "AUTH_TOKEN_MALFORMED"]).toContain(await refusal(changed));
    }
  });
});

describe("roles", () => {
  const MAY: Record<Role, (action: AuthAction) => boolean> = {
    admin: () => true,
    maintainer: (action) => !["rollback", "auth_admin", "recover", "plugin_approve"].includes(action),
    auditor: (action) => action === "verify",
    reader: (action) => action === "verify",
  };
  const cases = ROLES.flatMap((role) => AUTH_ACTIONS.map((action) => ({ role, action })));

  test.each(cases)("$role and $action, both forms of token", async ({ role, action }) => {
    for (const token of [aToken({ role }), userToken(role, SECRET)]) {
      if (MAY[role](action)) expect(authorise(aState(), token, { action }).role).toBe(role);
      else expect(await refusal(token, action)).toBe("AUTH_ROLE");
    }
  });

  test("the refusal names role and action", async () => {
    const fault = await faultOf(() =>
      authorise(aState(), aToken({ role: "auditor" }), { action: "install" }),
    );
    expect(fault.message).toBe("ann has the role auditor, which may not install");
  });

  test("an unknown user may only read, also one named like an object member", async () => {
    for (const user of ["bob", "__proto__", "constructor", "toString"]) {
      expect(authorise(aState(), userToken(user, SECRET), { action: "verify" })).toEqual({
        user,
        role: "reader",
      });
      expect(await refusal(userToken(user, SECRET))).toBe("AUTH_ROLE");
    }
  });

  test("an action nobody declared is refused, even to an admin", async () => {
    expect(await refusal(aToken(), "toString" as AuthAction)).toBe("AUTH_ROLE");
  });

  test("the older form is HMAC-SHA256(secret, user)", () => {
    const hex = createHmac("sha256", SECRET).update("admin").digest("hex");
    expect(authorise(aState(), `admin:${hex}`, { action: "rollback" })).toEqual({
      user: "admin",
      role: "admin",
    });
  });
});

describe("narrowed tokens", () => {
  const narrowed = aToken({ actions: ["install"], tiers: ["T1"], packages: ["PKG-A-001"] });
  const asks = { action: "install", package_ids: ["PKG-A-001"], tiers: ["T1"] } as const;

  test("within all lists", () => {
    expect(authorise(aState(), narrowed, asks)).toEqual({
      user: "ann",
      role: "admin",
      token_id: "00112233aabbccdd",
      expires_at_s: NOW_S + 10,
    });
  });

  test.each([
    ["another action", { ...asks, action: "pack" }],
    ["another package", { ...asks, package_ids: ["PKG-A-001", "PKG-B-001"] }],
    ["another tier", { ...asks, tiers: ["T2"] }],
    ["no package named", { action: "install", tiers: ["T1"] }],
    ["no tier named", { action: "install", package_ids: ["PKG-A-001"], tiers: [] }],
  ] as const)("%s", async (_what, request) => {
    const fault = await faultOf(() => authorise(aState(), narrowed, request));
    expect(fault.code).toBe("AUTH_NARROWED");
  });

  test("an empty list allows nothing", async () => {
    expect(await refusal(aToken({ actions: [] }), "verify")).toBe("AUTH_NARROWED");
  });

  test("narrowing never widens the role", async () => {
    expect(await refusal(aToken({ role: "reader", actions: ["install"] }))).toBe("AUTH_ROLE");
  });

  test("a narrowed token cannot manage tokens", async () => {
    expect(await refusal(aToken({ actions: ["auth_admin"] }), "auth_admin")).toBe("AUTH_NARROWED");
  });
});

/** The first token's claims under the second one's signature. */
function swapped(wanted: string, signed: string): string {
  return `${wanted.slice(0, wanted.lastIndexOf("."))}${signed.slice(signed.lastIndexOf("."))}`;
}

/** Who can get `user:HMAC` made for a name of their choice must not get a token of the new form from it. */
function forgedFromOlder(): string {
  const signed = aToken().slice(0, aToken().lastIndexOf("."));
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}
