import { type Details, defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: pythonFaults, make } = defineFaults({
  PYTHON_NOT_FOUND: kind<Details & { wanted: string }>(
    5,
    (d) => `Install ${d.wanted} so that it is on PATH, then run "${commandOf(d.wanted)} --version".`,
  ),
  PYTHON_TOO_OLD: kind<Details & { executable: string; version: string }>(
    5,
    () => `Install Python 3.9 or newer so that it is first on PATH, then run "python3 --version".`,
  ),
});

const commandOf = (wanted: string): string => {
  const minor = /^Python (3\.\d+)$/.exec(wanted)?.[1];
  return minor === undefined ? "python3" : `python${minor}`;
};
