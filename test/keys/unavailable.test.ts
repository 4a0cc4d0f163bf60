import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { findSecret, initAuth, issueToken, keysDirectory } from "../../src/keys/index.ts";
import { temporaryFolder } from "../support/tree.ts";

const UID = "0123456789abcdef0123456789abcdef";
const request = { plane_uid: UID, user: "ann", role: "reader", lifetime_s: 86_400 } as const;

async function withKeys() {
  const folder = temporaryFolder();
  const effects = nodeEffects({ host: { env: {}, home: `${folder}/home` } });
  const plane_root = `${folder}/plane`;
  await initAuth(effects, {
    directory: keysDirectory(effects.host, UID),
    plane_root,
    plane_uid: UID,
    force: false,
  });
  return { effects, found: findSecret(effects, { plane_root, plane_uid: UID }) };
}

test("another auth command that does not end is AUTH_BUSY", async () => {
  const { effects, found } = await withKeys();
  const locks = { acquire: async () => undefined };
  await expect(issueToken({ ...effects, locks }, found, request)).rejects.toMatchObject({
    code: "AUTH_BUSY",
    exit_code: 5,
  });
});

test("a disk that takes no write is AUTH_STATE_UNWRITABLE, and no token leaves", async () => {
  const { effects, found } = await withKeys();
  const openWrite = () => {
    throw Object.assign(new Error("EROFS"), { code: "EROFS" });
  };
  const failing = { ...effects, fs: { ...effects.fs, openWrite } };
  await expect(issueToken(failing, found, request)).rejects.toMatchObject({
    code: "AUTH_STATE_UNWRITABLE",
    exit_code: 5,
  });
});
