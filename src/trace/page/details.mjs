/** What the page shows about one thing. */
import { data, dependents, hashOf, link, make, named, PIECE, plural, tag } from "./elements.mjs";

function facts(...pairs) {
  const list = make("dl", {});
  for (const [name, value] of pairs) {
    if (value === "" || value === null || value === undefined) continue;
    list.append(make("dt", {}, name), make("dd", {}, value));
  }
  return list;
}

/** A heading and its list, in pieces; nothing when there is nothing to list. */
function section(title, items, itemOf) {
  if (items.length === 0) return [];
  const list = make("ul", {});
  const parts = [make("h3", {}, `${title} (${items.length.toLocaleString("en")})`), list];
  let shown = 0;
  const more = make("button", { class: "more", type: "button" }, "Show more");
  const add = () => {
    for (const item of items.slice(shown, shown + PIECE)) list.append(make("li", {}, ...itemOf(item)));
    shown += PIECE;
    if (shown >= items.length) more.remove();
  };
  add();
  if (shown < items.length) {
    more.addEventListener("click", add);
    parts.push(more);
  }
  return parts;
}

export function packageDetail(one) {
  const history = data.events.filter(({ about }) => about.split(/[\s,]+/).includes(one.id));
  const left_out = one.file_count - one.files.length;
  return [
    make("h2", {}, one.id),
    facts(
      ["Name", one.name],
      ["Version", one.version],
      ["Tier", one.tier],
      ["Type", one.type],
      ["Registered", one.status],
      ["Installed in", one.installed.join(", ") || "not installed"],
      ["Let in by", one.by],
      ["At", one.at],
      ["Transaction", one.transaction],
      ["Spec", one.spec === "" ? "" : link("governance", one.spec)],
      ["Framework", one.framework === "" ? "" : link("governance", one.framework)],
    ),
    ...section("Needs", one.needs, ([id, range]) => [named(id), tag(range)]),
    ...section("Used by", dependents.get(one.id) ?? [], ([id, range]) => [named(id), tag(range)]),
    ...section("Files", one.files, ([path, , , classification]) => [link("file", path), tag(classification)]),
    left_out > 0 ? make("p", { class: "status" }, `${plural(left_out, "file")} not in this page.`) : "",
    ...section("History", history, eventItem),
  ];
}

export function fileDetail(one) {
  return [
    make("h2", {}, one.path),
    facts(
      ["Owner", named(one.owner)],
      ["Class", one.classification],
      ["Size", plural(one.size_bytes, "byte")],
      ["Recorded digest", make("span", { class: "id" }, one.sha256)],
      ["Now", "not read for this page; integrity-check compares the bytes"],
    ),
  ];
}

export function governanceDetail(one) {
  const users = data.packages.filter(({ spec, framework }) => spec === one.id || framework === one.id);
  const specs = data.governance.filter(({ framework }) => framework === one.id);
  return [
    make("h2", {}, one.id),
    facts(
      ["Title", one.title],
      ["Status", one.status],
      ["Version", one.version],
      ["Framework", one.framework === "" ? "" : link("governance", one.framework)],
    ),
    ...section("Specs", specs, ({ id, title }) => [link("governance", id), " ", title]),
    ...section("Packages", users, ({ id }) => [named(id)]),
  ];
}

export function eventDetail(one) {
  const about = one.about.split(/[\s,]+/).filter(Boolean);
  return [
    make("h2", {}, one.event),
    facts(
      ["What", one.reason],
      ["Decision", one.decision],
      ["Who", one.user],
      ["When", one.at],
      ["Transaction", one.transaction],
      ["Entry", make("span", { class: "id" }, one.id)],
      ["Hash", make("span", { class: "id" }, one.hash)],
      ["Stream", one.stream],
    ),
    ...section("About", about, (id) => [named(id)]),
  ];
}

export function findingDetail(one) {
  return [
    make("h2", {}, one.code),
    facts(
      ["What", one.message],
      ["Severity", one.severity],
      ["Where", one.path],
      ["Next step", one.next_step],
    ),
  ];
}

const eventItem = (event) => [
  make("a", { href: hashOf("event", event.id) }, event.reason || event.event),
  make("span", { class: "about" }, `${event.at.slice(0, 19).replace("T", " ")} ${event.user}`),
];

/** What somebody who asked nothing wants to see first. */
export function overview() {
  const most = [...dependents].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1)).slice(0, 10);
  return [
    make("p", { class: "status" }, "Choose something from the list, or search."),
    ...section("Needed most", most, ([id, users]) => [named(id), tag(plural(users.length, "user"))]),
    ...section("Newest entries", data.events.slice(0, 10), eventItem),
    ...section("Findings", data.findings.slice(0, 10), (one) => [
      make("a", { href: hashOf("finding", one.id) }, one.message),
      tag(one.severity, one.severity === "error" ? "bad" : ""),
    ]),
  ];
}
