/** The part of WebAssembly that is used; Node's own types leave it to the browser's. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  type Module = { readonly kind: "module" };
  const Module: new (code: Uint8Array) => Module;
  const Instance: new (module: Module) => { readonly exports: object };
}
