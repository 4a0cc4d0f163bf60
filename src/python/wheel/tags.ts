/** Which wheels an interpreter takes, by the tags in their names (compatibility tags of the Python Packaging Authority). */

export interface InterpreterTags {
  readonly implementation: string;
  /** 3 and 11 of Python 3.11. */
  readonly major: number;
  readonly minor: number;
  /** `cp311`, `cp313t`. */
  readonly abi: string;
  /** `x86_64`. */
  readonly machine: string;
  /** `2.36`; undefined where there is no glibc. */
  readonly glibc: string | undefined;
  readonly platform: string;
}

export interface WheelName {
  readonly project: string;
  readonly version: string;
  readonly pythons: readonly string[];
  readonly abis: readonly string[];
  readonly platforms: readonly string[];
}

/** Of a name whose form was judged with the lock. */
export function parseWheelName(name: string): WheelName {
  const parts = name.replace(/\.whl$/, "").split("-");
  const [platforms = "", abis = "", pythons = ""] = parts.toReversed();
  return {
    project: parts[0] ?? "",
    version: parts[1] ?? "",
    pythons: pythons.split("."),
    abis: abis.split("."),
    platforms: platforms.split("."),
  };
}

/** Undefined when it fits; else the tags it asks for. */
export function misfit(name: WheelName, tags: InterpreterTags): string | undefined {
  const fits =
    name.pythons.some((python) => name.abis.some((abi) => takesCode(python, abi, tags))) &&
    name.platforms.some((platform) => takesPlatform(platform, tags));
  return fits ? undefined : `${name.pythons.join(".")}-${name.abis.join(".")}-${name.platforms.join(".")}`;
}

/** `py39`, `cp311`: language, major and minor number; a tag without a minor number is for all of them. */
const PYTHON_TAG = /^([a-z]+)(\d)(\d*)$/;

function takesCode(python: string, abi: string, tags: InterpreterTags): boolean {
  const [, language = "", major = "", rest = ""] = PYTHON_TAG.exec(python) ?? [];
  if (Number(major) !== tags.major) return false;
  const minor = rest === "" ? undefined : Number(rest);
  const is_cpython = language === "cp" && tags.implementation === "cpython";
  if (language === "py") return abi === "none" && (minor ?? 0) <= tags.minor;
  return is_cpython && takesAbi(abi, minor, tags);
}

function takesAbi(abi: string, minor: number | undefined, tags: InterpreterTags): boolean {
  if (abi === "none") return minor === undefined || minor === tags.minor;
  // The stable interface of an older Python is taken by every newer one that has a global lock.
  if (abi === "abi3") return minor !== undefined && minor <= tags.minor && !tags.abi.endsWith("t");
  return minor === tags.minor && abi === tags.abi;
}

function takesPlatform(platform: string, { machine, glibc, platform: system }: InterpreterTags): boolean {
  if (platform === "any") return true;
  if (system !== "linux") return false;
  if (platform === `linux_${machine}`) return true;
  const needed = glibcOf(platform, machine);
  if (needed === undefined || glibc === undefined) return false;
  const [have_major = 0, have_minor = 0] = glibc.split(".").map(Number);
  return needed[0] === have_major && needed[1] <= have_minor;
}

const OLDER: Readonly<Record<string, readonly [number, number]>> = {
  manylinux1: [2, 5],
  manylinux2010: [2, 12],
  manylinux2014: [2, 17],
};

function glibcOf(platform: string, machine: string): readonly [number, number] | undefined {
  if (!platform.endsWith(`_${machine}`)) return undefined;
  const start = platform.slice(0, -machine.length - 1);
  const [, major, minor] = /^manylinux_(\d+)_(\d+)$/.exec(start) ?? [];
  return major === undefined ? OLDER[start] : [Number(major), Number(minor)];
}
