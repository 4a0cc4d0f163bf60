/** The environment of everything that runs behind a jail: nothing of the caller's, so no token, key or proxy of theirs. */

/** `temp`: the private folder, absolute. It is also the home, so that dot files are neither read nor left behind. */
export function cleanEnvironment(
  temp: string,
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    HOME: temp,
    TMPDIR: temp,
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    PYTHONDONTWRITEBYTECODE: "1",
    // Never made: bytecode that lies beside a source is neither believed nor written.
    PYTHONPYCACHEPREFIX: `${temp}/no-bytecode`,
    ...added,
  };
}

/** For the jail's own tools, which run outside it. */
export const TOOL_ENVIRONMENT = { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" } as const;
