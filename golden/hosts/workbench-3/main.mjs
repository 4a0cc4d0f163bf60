/** A workbench that keeps notes, third edition: its own API has no list any more, since there may be millions. */
import { serve } from "../contract.mjs";

const NOTES = [
  { name: "first", text: "Milk and bread" },
  { name: "second", text: "Call the bank" },
];

const read = ({ name }) => ({ text: NOTES.find((note) => note.name === name)?.text ?? null });
const search = ({ word }) => ({
  names: NOTES.filter(({ text }) => text.toLowerCase().includes(word.toLowerCase())).map(({ name }) => name),
});
const list = () => ({ names: NOTES.map(({ name }) => name) });

await serve({
  name: "workbench",
  version: "3.0.0",
  tools: {
    "2.0.0": { "notes.list": list, "notes.read": read, "notes.search": search },
    "3.0.0": { "notes.read": read, "notes.search": search },
  },
});
