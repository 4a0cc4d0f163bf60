/** Functions over the memory of somebody else, as one module of WebAssembly. */
import { I32, unsigned } from "./wasm-code.ts";

/** One function: all its numbers are i32. */
export interface WasmFunction {
  readonly name: string;
  /** How many numbers come. */
  readonly given: number;
  /** How many go. */
  readonly returned: 0 | 1;
  /** Locals, instructions and the end. */
  readonly body: readonly number[];
}

/** `\0asm`, version 1. */
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const PAGE_BYTES = 65_536;

const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];

const typeOf = ({ given, returned }: WasmFunction): number[] => [
  0x60,
  given,
  ...Array.from({ length: given }, () => I32),
  returned,
  ...Array.from({ length: returned }, () => I32),
];

/** What the types of Node leave out. */
const Engine = WebAssembly as unknown as {
  readonly Memory: new (size: { readonly initial: number }) => WebAssembly.Memory;
  readonly Instance: new (
    module: WebAssembly.Module,
    imports: { readonly of: { readonly memory: WebAssembly.Memory } },
  ) => { readonly exports: object };
};

/** At least `bytes` of zeros. */
export const newMemory = (bytes: number): WebAssembly.Memory =>
  new Engine.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });

/** The same module serves memories of all sizes: the engine compiles it once. */
export function compileModule(functions: readonly WasmFunction[]): WebAssembly.Module {
  const exported = functions.flatMap((one, index) => [...name(one.name), 0, index]);
  const bytes = Uint8Array.from([
    ...HEADER,
    ...section(1, [functions.length, ...functions.flatMap(typeOf)]),
    ...section(2, [1, ...name("of"), ...name("memory"), 2, 0, 1]),
    ...section(3, [functions.length, ...functions.keys()]),
    ...section(7, [functions.length, ...exported]),
    ...section(10, [
      functions.length,
      ...functions.flatMap(({ body }) => [...unsigned(body.length), ...body]),
    ]),
  ]);
  return new WebAssembly.Module(bytes);
}

/** Its functions, by name. */
export const instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory): object =>
  new Engine.Instance(module, { of: { memory } }).exports;
