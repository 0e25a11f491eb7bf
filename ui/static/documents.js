// The documents page: list documents by collection, delete them, choose which ones the chat answers from. `value` is JSON
// from ui/pages/documents.py: the texts, and the names of the chosen documents (null: all). The list comes from the API.
const list = part(".documents");
const STEP = 200;
let words = {};
let documents = [];
let chosen = null;
let decided = false; // Whether the reader has chosen: the stored choice arrives late and must not undo it.
let most = STEP;

function say(text) {
  part(".said").textContent = text;
}

// If a token is required, show the form for it.
function refused(status) {
  if (status === 401 || status === 403) askForToken(words, () => say(words.token_kept));
}

async function load() {
  const reply = await fetch("api/documents");
  const found = await reply.json();
  documents = reply.ok ? found.documents : [];
  documents.sort((a, b) => (collectionOf(a) < collectionOf(b) ? -1 : +(collectionOf(a) > collectionOf(b))));
  if (!reply.ok) say(found.message);
  draw();
}

// --- the list

// A collection holds the documents that were added under one folder name.
function collectionOf(one) {
  return one.id.includes("/") ? one.id.slice(0, one.id.indexOf("/")) : "";
}

function nameOf(control) {
  return control.getAttribute("aria-label") || control.getAttribute("href");
}

function draw() {
  const wanted = part(".find input").value.trim().toLowerCase();
  const found = documents.filter((one) => `${one.id} ${one.title} ${one.date}`.toLowerCase().includes(wanted));
  const shown = found.slice(0, most);
  const focused = list.contains(document.activeElement) && nameOf(document.activeElement);
  list.replaceChildren();
  for (const [place, one] of shown.entries()) {
    const name = collectionOf(one);
    if (name && (!place || name !== collectionOf(shown[place - 1]))) list.append(collection(name));
    list.append(item(one));
  }
  if (focused) [...list.querySelectorAll("input, a, button")].find((each) => nameOf(each) === focused)?.focus();
  if (!found.length) list.append(make("li", wanted ? words.none_found : words.none, "none"));
  part(".more-documents").hidden = found.length <= most;
  part(".use").hidden = !documents.length;
  element.querySelectorAll("[name=use]").forEach((radio) => (radio.checked = (radio.value === "all") === !chosen));
  part(".collections").replaceChildren(...[...new Set(documents.map(collectionOf))].filter(Boolean).map((name) => new Option(name)));
  health();
}

function ticked(names, label) {
  const tick = make("input");
  tick.type = "checkbox";
  const wanted = new Set(chosen);
  const used = names.filter((name) => !chosen || wanted.has(name)).length;
  tick.checked = used === names.length;
  tick.indeterminate = used > 0 && used < names.length;
  tick.disabled = !chosen;
  tick.setAttribute("aria-label", label);
  tick.addEventListener("change", () => {
    const others = chosen.filter((name) => !names.includes(name));
    choose(tick.checked ? [...others, ...names] : others);
  });
  return tick;
}

function collection(name) {
  const within = documents.filter((one) => collectionOf(one) === name);
  const row = make("li", "", "collection");
  const tick = ticked(within.map((one) => one.id), fill(words.use, { title: name }));
  row.append(tick, make("h3", name, "title"), make("span", counted(words, "documents", within.length), "detail"));
  return row;
}

function item(one) {
  const row = make("li", "", "document");
  const name = make("div", "", "document-name");
  const title = make("a", one.title || one.id, "title");
  title.href = `./read?${new URLSearchParams({ document: one.id, start: 0, end: 0 })}`;
  title.target = "_blank";
  title.rel = "noopener";
  title.append(make("span", ` ${words.opens_tab}`, "hidden"));
  name.append(title, make("p", facts(one), "document-facts"));
  const tick = ticked([one.id], fill(words.use, { title: one.title || one.id }));
  row.append(tick, name, careful(words.remove, words.really, () => drop(one), one.title || one.id));
  return row;
}

function facts(one) {
  const parts = [one.id];
  if (one.date) parts.push(one.date);
  if (one.pages) parts.push(counted(words, "pages", one.pages));
  parts.push(counted(words, "characters", one.characters), counted(words, "passages", one.passages));
  return parts.join(" · ");
}

// Totals, and what needs attention: pages without text, documents with the same content.
function health() {
  const passages = documents.reduce((sum, one) => sum + one.passages, 0);
  const all = `${counted(words, "documents", documents.length)}, ${counted(words, "passages", passages)}`;
  const lines = [make("li", all)];
  for (const one of documents.filter((each) => each.empty_pages.length)) {
    lines.push(make("li", fill(words.empty_pages, { name: one.id, pages: one.empty_pages.join(", ") }), "look"));
  }
  const first = {};
  for (const one of documents) {
    const other = (first[one.sha256] ||= one.id);
    if (other !== one.id) lines.push(make("li", fill(words.duplicate, { name: one.id, other }), "look"));
  }
  part(".health").replaceChildren(...lines);
}

async function drop(one) {
  const path = one.id.split("/").map(encodeURIComponent).join("/");
  const reply = await fetch(`api/documents/${path}`, { method: "DELETE", headers: headers() });
  if (!reply.ok) {
    arrived(one.id, { state: "failed", text: (await reply.json()).message });
    return refused(reply.status);
  }
  say(fill(words.removed, { name: one.id }));
  if (chosen) choose(chosen.filter((name) => name !== one.id));
  await load();
  part(".find input").focus();
}

// --- which documents the chat answers from

function choose(names) {
  [chosen, decided] = [names, true];
  trigger("choose", { names });
  draw();
}

element.addEventListener("change", (event) => {
  if (event.target.name === "use") choose(event.target.value === "all" ? null : documents.map((one) => one.id));
});
part(".find input").addEventListener("input", () => {
  most = STEP;
  draw();
});
part(".more-documents").addEventListener("click", () => {
  most += STEP;
  draw();
});

function label() {
  if (!props.value) return;
  const given = JSON.parse(props.value);
  words = given.words;
  if (!decided) chosen = given.chosen;
  document.documentElement.lang = words.language;
  const texts = {
    ".drop-hint": "drop", ".into-label": "into", ".pick-files": "pick_files", ".pick-folder": "pick_folder",
    ".health-head": "health", ".use legend": "use_legend", ".use-all": "use_all", ".use-some": "use_some",
    ".find-label": "find", ".more-documents": "more",
  };
  for (const [place, key] of Object.entries(texts)) part(place).textContent = words[key];
  list.setAttribute("aria-label", words.list);
  part(".files").accept = given.accept;
  draw();
}

watch("value", label);
label();
load();
