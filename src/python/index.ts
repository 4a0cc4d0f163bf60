export { bytecodeName, type CacheName } from "./cache-name.ts";
export { type BuildRequest, buildEnvironment } from "./environment/build.ts";
export {
  makeParent,
  putInPlace,
  reservedNames,
  wheelDirectories,
} from "./environment/ensure.ts";
export { type Environment, environmentAt, environmentFor, environmentKeys } from "./environment/find.ts";
export { describeInterpreter, type EnvironmentInterpreter } from "./environment/interpreter.ts";
export { ENVIRONMENTS_DIRECTORY, environmentKey, lockDigest } from "./environment/key.ts";
export { environmentOfPackage } from "./environment/of-package.ts";
export { checkShippedWheels } from "./environment/shipped.ts";
export {
  type NamedLock,
  type SweptEnvironments,
  sweepEnvironments,
} from "./environment/sweep.ts";
export { type EnvironmentProblem, verifyEnvironment } from "./environment/verify.ts";
export { pythonFaults } from "./faults.ts";
export { findInterpreters } from "./find-interpreters.ts";
export { FILES_SCRIPT, findPython, type Interpreter } from "./find-python.ts";
export { type BytecodeItem, type BytecodeVerdict, judgeBytecode } from "./judge-bytecode.ts";
