/** What may be written in a turn: its declared outputs, and nothing that the plugin may write otherwise. Pure. */
import type { SandboxProfile } from "../../sandbox/index.ts";

/** `outputs`: undefined where there is no turn. */
export function profileOfTurn(
  profile: SandboxProfile,
  outputs: readonly { readonly path: string }[] | undefined,
): SandboxProfile {
  if (outputs === undefined) return profile;
  const write = outputs.map(({ path }) => path);
  return { ...profile, files: { ...profile.files, read: [...profile.files.read, ...write], write } };
}
