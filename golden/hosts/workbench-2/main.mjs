/** A workbench that keeps notes, second edition: they can be searched too. It still serves the API of the first. */
import { serve } from "../contract.mjs";

const NOTES = new Map([
  ["first", "Milk and bread"],
  ["second", "Call the bank"],
]);

const list = () => ({ names: [...NOTES.keys()] });
const read = ({ name }) => ({ text: NOTES.get(name) ?? null });
const search = ({ word }) => ({
  names: [...NOTES].filter(([, text]) => text.toLowerCase().includes(word.toLowerCase())).map(([name]) => name),
});

await serve({
  name: "workbench",
  version: "2.0.0",
  tools: {
    "1.0.0": { "notes.list": list, "notes.read": read },
    "2.0.0": { "notes.list": list, "notes.read": read, "notes.search": search },
  },
});
