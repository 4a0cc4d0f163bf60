/** The shape of src/ as rules; the order itself stands in scripts/rooms.mjs. Run by `npm run check -- --only rooms`. */
import { ROOMS } from "./scripts/rooms.mjs";

/** Built-ins that change or observe the world. node:crypto, node:zlib, node:path and node:url only compute. */
const EFFECTS = "^(node:)?(fs|fs/promises|child_process|net|http|https|http2|tls|dgram|dns|worker_threads|cluster|os|process|sqlite|readline|timers|timers/promises)$";

const order = ROOMS.map((room, level) => ({
  name: `room-${room}`,
  comment: `${room} imports only itself and the rooms before it in scripts/rooms.mjs.`,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: "^src/", pathNot: ROOMS.slice(0, level + 1).map((lower) => `^src/${lower}/`) },
}));

/** src/index.ts is the library's surface: it stands above every room, so no rule of order applies to it. */
const ROOM_FILE = "^src/([^/]+)/.+";

export default {
  forbidden: [
    ...order,
    {
      name: "no-cycles",
      comment: "Two files that need each other are one idea, or hide a third.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "through-the-index",
      comment: "A room is used through its index.ts, so that what it promises is one short list.",
      severity: "error",
      from: { path: ROOM_FILE },
      to: { path: "^src/", pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$", "^src/effects/(node|sim|failpoints)/", "^src/cli/generated/"] },
    },
    {
      name: "library-through-the-index",
      comment: "The same for the library's own surface.",
      severity: "error",
      from: { path: "^src/index\\.ts$" },
      to: { path: "^src/", pathNot: ["^src/[^/]+/index\\.ts$", "^src/effects/node/index\\.ts$"] },
    },
    {
      name: "nobody-imports-the-library",
      comment: "src/index.ts is for others.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^src/index\\.ts$" },
    },
    {
      name: "real-effects-only-in-bin",
      comment: "Only a composition root (bin, the library) builds real effects; everybody else is handed them.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/bin/", "^src/effects/node/", "^src/index\\.ts$", "^src/golden/index\\.ts$"] },
      to: { path: "^src/effects/node/" },
    },
    {
      name: "simulated-effects-only-in-harness",
      comment: "Simulations are product code for the harness and for tests.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/harness/", "^src/effects/sim/"] },
      to: { path: "^src/effects/sim/" },
    },
    {
      name: "effects-through-ports",
      comment: "What touches the world arrives as an argument (src/effects/ports.ts).",
      severity: "error",
      from: {
        path: "^src/",
        pathNot: ["^src/effects/node/", "^src/bin/", "^src/(archive/deflate|ledger/scan)-(pool|worker)\\.ts$"],
      },
      to: { dependencyTypes: ["core"], path: EFFECTS },
    },
    {
      name: "threads-only",
      comment: "The pools that compress and verify may start threads; that is all they may do to the world.",
      severity: "error",
      from: { path: "^src/(archive/deflate|ledger/scan)-(pool|worker)\\.ts$" },
      to: { dependencyTypes: ["core"], path: EFFECTS, pathNot: "^(node:)?worker_threads$" },
    },
    {
      name: "schemas-in-contracts",
      comment:
        "Types of stored or sent data are born in src/contracts; operations add their inputs. zod elsewhere gives a fact two homes and slows the start.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(contracts|operations)/" },
      to: { path: "(^|/)node_modules/zod/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-test-in-src",
      comment: "The product does not know its tests.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|scripts)/" },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere is not checked by any rule above.",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API; with the default parser this tool would look at 0 modules and be content.
    parser: "swc",
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
