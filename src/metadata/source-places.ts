/** Where fields of the metadata stand in the files it was read from. */
import { type Extract, inFile } from "./extract.ts";
import type { Syntax } from "./place.ts";
import { locate } from "./positions.ts";

/** A field as somebody wrote it. `field` is the pointer in the terms of the file. */
export interface FieldPlace {
  readonly path: string;
  readonly field: string;
  readonly line: number;
  readonly column: number;
}

interface Written {
  readonly subject: { readonly path: string; readonly text: string; readonly syntax: Syntax };
  readonly extract: Extract;
}

/** Places of fields given as pointers of the metadata, in order. A field nobody wrote has the place of what is around it. */
export async function placesIn(
  forms: readonly Written[],
  pointers: readonly string[],
): Promise<FieldPlace[]> {
  const wanted = pointers.map((pointer) => ({ pointer, form: formOf(forms, pointer) }));
  const places: FieldPlace[] = [];
  for (const form of forms) {
    const own = wanted.filter((one) => one.form === form);
    const fields = own.map(({ pointer }) => inFile(form.extract, pointer));
    const { path, text, syntax } = form.subject;
    const found = await locate(
      text,
      syntax,
      fields.map((pointer) => ({ pointer, of: "value" as const })),
    );
    for (const [index, { pointer }] of own.entries()) {
      const at = found[index] ?? { line: 1, column: 1 };
      places[pointers.indexOf(pointer)] = { path, field: fields[index] ?? pointer, ...at };
    }
  }
  return pointers.map((pointer) => places[pointers.indexOf(pointer)] ?? nowhere(pointer));
}

const nowhere = (field: string): FieldPlace => ({ path: "holdfast.toml", field, line: 1, column: 1 });

/** The form that says something of the field; where none does, the one that says most. */
function formOf(forms: readonly Written[], pointer: string): Written | undefined {
  const name = pointer.split("/")[1] ?? "";
  const said = forms.find(({ extract: { raw } }) => Object.hasOwn(raw, name));
  return said ?? forms.toSorted((a, b) => size(b) - size(a))[0];
}

const size = ({ extract: { raw } }: Written): number => Object.keys(raw).length;
