import { type Details, defineFaults, kind } from "../kernel/index.ts";

/** Which wheel, and which package asked for it. */
type OfWheel = Details & { wheel: string; package_id: string };

export const { catalogue: pythonFaults, make } = defineFaults({
  PYTHON_NOT_FOUND: kind<Details & { wanted: string }>(
    5,
    (d) => `Install ${d.wanted} so that it is on PATH, then run "${commandOf(d.wanted)} --version".`,
  ),
  PYTHON_TOO_OLD: kind<Details & { executable: string; version: string }>(
    5,
    () => `Install Python 3.9 or newer so that it is first on PATH, then run "python3 --version".`,
  ),
  PYTHON_VENV_FAILED: kind<Details & { executable: string; problem: string }>(
    5,
    (d) => `Run "${d.executable} -m venv --without-pip /tmp/try" and mend what it says.`,
  ),
  WHEEL_MISSING: kind<OfWheel & { looked_in: readonly string[] }>(
    3,
    (d) =>
      `Put ${d.wheel} into a folder and name it in wheel_directories of config/plane.toml, or with --wheels FOLDER at "pkg install".`,
  ),
  WHEEL_DIGEST_MISMATCH: kind<OfWheel & { path: string; expected: string; actual: string }>(
    3,
    (d) => `Replace ${d.path} by the wheel that was locked, or correct the lock and run "pkg pack" again.`,
  ),
  WHEEL_INCOMPATIBLE: kind<OfWheel & { interpreter: string; needs: string }>(
    3,
    (d) => `Lock a wheel for ${d.interpreter}, or put an interpreter first on PATH that takes ${d.needs}.`,
  ),
  /** `rule`: one word for what it broke. */
  WHEEL_REFUSED: kind<OfWheel & { rule: string; member: string }>(
    3,
    (d) =>
      `Do not use ${d.wheel}; get it again from its author and compare with "sha256sum", or lock another version.`,
  ),
  WHEEL_UNLOCKED_REQUIREMENT: kind<OfWheel & { requirement: string }>(
    3,
    (d) => `Add ${d.requirement} to the environment's requirements and run "pkg pack" again.`,
  ),
  WHEELS_OVERLAP: kind<OfWheel & { path: string; other: string }>(
    3,
    (d) => `Lock only one of ${d.other} and ${d.wheel}, and run "pkg pack" again.`,
  ),
  ENVIRONMENT_DAMAGED: kind<Details & { package_id: string; path: string; problem: string }>(
    4,
    () => `Run "pkg gc", which drops it; the next run builds it again from the locked wheels.`,
  ),
  ENVIRONMENT_BUSY: kind<Details & { package_id: string; waited_ms: number }>(
    5,
    () => `Run the command again when the other one has built its environment.`,
  ),
});

const commandOf = (wanted: string): string => {
  const minor = /^Python (3\.\d+)$/.exec(wanted)?.[1];
  return minor === undefined ? "python3" : `python${minor}`;
};
