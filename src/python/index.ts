export { bytecodeName, type CacheName } from "./cache-name.ts";
export { pythonFaults } from "./faults.ts";
export { findPython, type Interpreter } from "./find-python.ts";
export { type BytecodeItem, type BytecodeVerdict, judgeBytecode } from "./judge-bytecode.ts";
