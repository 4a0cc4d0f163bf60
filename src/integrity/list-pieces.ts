/** What the lists of a receipt and a manifest are made of where an install writes them, in the memory of what is read. */
import { CLASSIFICATIONS, PLANE_TIERS } from "../contracts/index.ts";
import type { TextMemory } from "../kernel/index.ts";
import { tierPrefix } from "../receipts/index.ts";

/** What stands between the values of one file as it is written; and, named `put_`, where a manifest is hashed. */
const PIECES = {
  assets: `{\n  "assets": [\n`,
  classification: `    {\n      "classification": "`,
  executable: `",\n      "executable": `,
  origin: `,\n      "origin": "`,
  path: `,\n      "path": "`,
  sha256: `",\n      "sha256": "sha256:`,
  size: `",\n      "size_bytes": `,
  after_size: `\n    }`,
  end: "  ]",
  true: "true",
  false: "false",
  created: `created"`,
  adopted: `adopted"`,
  put_classification: `{"classification":"`,
  put_executable: `","executable":`,
  put_path: `,"path":"`,
  put_sha256: `","sha256":"sha256:`,
  put_size: `","size_bytes":`,
} as const;
type PieceName = keyof typeof PIECES;

/** Where a text lies in the memory. */
export interface Piece {
  readonly at: number;
  readonly length: number;
}

/** Texts that are looked for. */
export class ListPieces {
  /** After all of them. */
  readonly end: number;
  readonly by_name: Readonly<Record<PieceName, Piece>>;
  /** Each with the quote after it. */
  readonly classes: readonly Piece[];
  readonly prefixes = new Map<string, Piece>();
  private put_at: number;

  /** Takes less than 4096 bytes. */
  constructor({ memory }: TextMemory, at: number) {
    this.put_at = at;
    const put = (text: string): Piece => {
      const piece = { at: this.put_at, length: memory.write(text, this.put_at) };
      this.put_at += piece.length;
      return piece;
    };
    const names = Object.keys(PIECES) as PieceName[];
    this.by_name = Object.fromEntries(names.map((name) => [name, put(PIECES[name])])) as Record<
      PieceName,
      Piece
    >;
    this.classes = CLASSIFICATIONS.map((name) => put(`${name}"`));
    // What paths of each tier begin with.
    for (const tier of PLANE_TIERS) this.prefixes.set(tierPrefix(tier), put(tierPrefix(tier)));
    this.end = this.put_at;
  }
}
