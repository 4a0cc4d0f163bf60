/** A workbench that keeps notes, first edition: they can be listed and read. */
import { serve } from "../contract.mjs";

const NOTES = { first: "Milk and bread", second: "Call the bank" };

const list = () => ({ names: Object.keys(NOTES) });
const read = ({ name }) => ({ text: NOTES[name] ?? null });

await serve({
  name: "workbench",
  version: "1.0.0",
  tools: { "1.0.0": { "notes.list": list, "notes.read": read } },
});
