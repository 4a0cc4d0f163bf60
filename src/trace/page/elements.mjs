/** What the page of `trace --html` is made of: its data, and elements that hold text and never markup. */

export const PIECE = 100;
export const data = JSON.parse(document.getElementById("data").textContent);
export const byId = (id) => document.getElementById(id);
export const packages = new Map(data.packages.map((one) => [one.id, one]));
export const dependents = new Map();
for (const { id, needs } of data.packages)
  for (const [to, range] of needs) {
    const known = dependents.get(to);
    if (known) known.push([id, range]);
    else dependents.set(to, [[id, range]]);
  }

/** An element with text or elements in it. */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}
export const tag = (text, kind = "") => (text === "" ? null : make("span", { class: `tag ${kind}` }, text));
export const link = (kind, id) => make("a", { class: "id", href: hashOf(kind, id) }, id);
export const hashOf = (kind, id) => `#${kind}=${encodeURIComponent(id)}`;
export const plural = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
/** Links what is in the page; names what is not. */
export const named = (id) => (packages.has(id) ? link("package", id) : make("span", { class: "id" }, id));
