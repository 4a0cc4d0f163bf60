/**
 * The page of `trace --html`, in the browser. Everything shown comes from the JSON in the page and goes into the document
 * as text, never as markup. Nothing is asked of any network. Long lists are made piece by piece, as they are looked at.
 */
import {
  eventDetail,
  fileDetail,
  findingDetail,
  governanceDetail,
  overview,
  packageDetail,
} from "./details.mjs";
import { byId, data, hashOf, make, PIECE, tag } from "./elements.mjs";

const files = data.packages.flatMap((one) =>
  one.files.map(([path, sha256, size_bytes, classification]) => ({
    path,
    sha256,
    size_bytes,
    classification,
    owner: one.id,
  })),
);

/** What each tab lists: its items, the text a search looks in, and one row. */
const KINDS = {
  package: {
    title: "Packages",
    items: data.packages,
    idOf: (one) => one.id,
    words: (one) => `${one.id} ${one.name} ${one.version} ${one.type} ${one.spec} ${one.framework}`,
    row: (one) => [
      make("span", { class: "id" }, one.id),
      one.installed.length > 0 ? tag(one.version, "good") : tag("not installed"),
      make("span", { class: "about" }, [one.name, one.tier, one.type].filter(Boolean).join(" · ")),
    ],
    detail: packageDetail,
  },
  file: {
    title: "Files",
    items: files,
    idOf: (one) => one.path,
    words: (one) => `${one.path} ${one.owner} ${one.sha256}`,
    row: (one) => [
      make("span", { class: "id" }, one.path),
      make("span", { class: "about" }, `${one.owner} · ${one.classification}`),
    ],
    detail: fileDetail,
  },
  governance: {
    title: "Specs and frameworks",
    items: data.governance,
    idOf: (one) => one.id,
    words: (one) => `${one.id} ${one.title} ${one.framework}`,
    row: (one) => [
      make("span", { class: "id" }, one.id),
      tag(one.status),
      make("span", { class: "about" }, one.title),
    ],
    detail: governanceDetail,
  },
  event: {
    title: "Ledger",
    items: data.events,
    idOf: (one) => one.id,
    words: (one) => `${one.id} ${one.event} ${one.about} ${one.user} ${one.reason} ${one.transaction}`,
    row: (one) => [
      make("span", { class: "id" }, one.event),
      tag(one.user),
      make("span", { class: "about" }, `${one.at.slice(0, 19).replace("T", " ")} · ${one.reason}`),
    ],
    detail: eventDetail,
  },
  finding: {
    title: "Findings",
    items: data.findings,
    idOf: (one) => one.id,
    words: (one) => `${one.code} ${one.message}`,
    row: (one) => [
      make("span", { class: "id" }, one.code),
      tag(one.severity, one.severity === "error" ? "bad" : ""),
      make("span", { class: "about" }, one.message),
    ],
    detail: findingDetail,
  },
};
for (const kind of Object.values(KINDS)) kind.found = new Map(kind.items.map((one) => [kind.idOf(one), one]));

/** Items that hold every word of the search. What is searched is put together once. */
function matching(kind) {
  const wanted = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return kind.items;
  kind.texts ??= kind.items.map((one) => kind.words(one).toLowerCase());
  return kind.items.filter((_, index) => wanted.every((word) => kind.texts[index].includes(word)));
}

let current = "package";
let observer;

/** The list of one tab, narrowed by every word of the search. */
function showList() {
  const { items, row, idOf, title } = KINDS[current];
  const found = matching(KINDS[current]);
  const list = byId("list");
  const count = `${found.length.toLocaleString("en")} of ${items.length.toLocaleString("en")}`;
  const note = current === "file" && data.files_left_out > 0 ? data.files_note : "";
  list.replaceChildren(
    make("p", { class: "status", role: "status" }, `${count} ${title.toLowerCase()}. ${note}`.trim()),
  );
  let shown = 0;
  const end = make("div", {}, "");
  const add = () => {
    for (const one of found.slice(shown, shown + PIECE)) {
      const href = hashOf(current, idOf(one));
      const chosen = href === location.hash ? { "aria-current": "true" } : {};
      end.before(make("a", { class: "row", href, ...chosen }, ...row(one)));
    }
    shown += PIECE;
    observer.disconnect();
    // Observed anew, it reports even when the end is still in sight.
    if (shown < found.length) observer.observe(end);
  };
  list.append(end);
  observer?.disconnect();
  observer = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && add(), {
    rootMargin: "600px",
  });
  add();
}

function markCurrent() {
  for (const row of byId("list").querySelectorAll(".row")) {
    if (row.getAttribute("href") === location.hash) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function showTabs() {
  byId("tabs").replaceChildren(
    ...Object.entries(KINDS)
      .filter(([, { items }]) => items.length > 0)
      .map(([kind, { title }]) => {
        const text = `${title} ${matching(KINDS[kind]).length.toLocaleString("en")}`;
        const tab = make(
          "button",
          { type: "button", role: "tab", "aria-selected": String(kind === current) },
          text,
        );
        tab.addEventListener("click", () => {
          current = kind;
          search();
        });
        return tab;
      }),
  );
}

function search() {
  showTabs();
  showList();
}

/** What the address names, else the answer the page was made for, else a word on what to do. */
function showDetail() {
  const [, kind = "", id = ""] = /^#([a-z]+)=(.*)$/s.exec(location.hash) ?? [];
  const one = Object.hasOwn(KINDS, kind) ? KINDS[kind].found.get(decoded(id)) : undefined;
  document.body.classList.toggle("showing", one !== undefined);
  const back = make("button", { class: "more back", type: "button" }, "Back to the list");
  back.addEventListener("click", () => {
    location.hash = "";
  });
  const answer =
    data.answer === null
      ? overview()
      : [make("h2", {}, data.answer.title), make("pre", {}, data.answer.text)];
  byId("detail").replaceChildren(back, ...(one === undefined ? answer : KINDS[kind].detail(one)));
  byId("detail").scrollTop = 0;
  markCurrent();
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const measure = () =>
  document.documentElement.style.setProperty(
    "--header-height",
    `${document.querySelector("header").offsetHeight}px`,
  );
byId("title").textContent = data.title;
byId("counts").textContent = data.counts;
if (data.answer !== null) document.body.classList.add("answering");
search();
showDetail();
measure();
byId("search").addEventListener("input", search);
addEventListener("hashchange", showDetail);
addEventListener("resize", measure);
