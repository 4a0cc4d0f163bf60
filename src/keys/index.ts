export { type AuthRequest, type AuthState, authorise } from "./authorise.ts";
export { keysFaults } from "./faults.ts";
export { type FoundSecret, findSecret } from "./find-secret.ts";
export { ensureSigningKeys, firstKeyName } from "./first-signing-keys.ts";
export { type InitialisedAuth, initAuth } from "./init-auth.ts";
export { issueToken, type NewToken, type TokenRequest } from "./issue-token.ts";
export {
  readPinnedKeys,
  readPinnedPolicy,
  readPublishing,
  writePinnedKeys,
  writePinnedPolicy,
  writePublishing,
} from "./pinned-keys.ts";
export { holdfastHome, type KeysPlaces, keysDirectory, keysPlaces } from "./places.ts";
export { readPrivateText } from "./private-file.ts";
export { type ListedToken, listTokens, type Revocation, revokeToken } from "./revoke-token.ts";
export { type Roles, readRoles, roleMay } from "./roles.ts";
export {
  activateSigningKey,
  destroySigningKey,
  isOwnKeyName,
  loadSigningKey,
  makeSigningKey,
  nextKeyPath,
  readSigningKey,
  type SigningKey,
} from "./signing-key.ts";
export { type Revoked, readTokenLog, type TokenLog } from "./token-log.ts";
export { readTokenSource, type TokenSource } from "./token-source.ts";
export { type Narrowing, userToken } from "./token-text.ts";
export {
  type KeyStatus,
  type KeyUse,
  parseTrustedList,
  TRUSTED_KEYS_PATH,
  type TrustedKey,
  trustedListText,
} from "./trusted-list.ts";
export {
  formatVerifierKey,
  keyHash,
  keyId,
  parseVerifierKey,
  type VerifierKey,
  verifyEd25519,
} from "./verifier-key.ts";
