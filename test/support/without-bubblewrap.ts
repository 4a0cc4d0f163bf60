/** Commands in a view of this machine where bubblewrap is not installed: its folder without it, for that command alone. */
import { spawnSync } from "node:child_process";

const BWRAP = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"];
/** Laid over its folder: what is removed there stays where it is for everybody else. */
const HIDE = `set -e
mount -t tmpfs over /mnt
for program in ${BWRAP.join(" ")}; do
  [ -e "$program" ] || continue
  folder=$(dirname "$program")
  mkdir -p /mnt/upper"$folder" /mnt/work"$folder"
  mount -t overlay over -o lowerdir="$folder",upperdir=/mnt/upper"$folder",workdir=/mnt/work"$folder" "$folder"
  rm "$program"
done
exec "$@"`;

/** Program and arguments to put before a command line; undefined where this user may not change its view. */
export function withoutBubblewrap(): readonly [string, ...string[]] | undefined {
  const before = ["unshare", "--mount", "sh", "-c", HIDE, "sh"] as const;
  const [program, ...args] = before;
  const looked = spawnSync(program, [...args, "sh", "-c", "! command -v bwrap"]);
  return looked.status === 0 ? before : undefined;
}
