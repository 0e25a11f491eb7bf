// The documents page: list documents by collection and delete them. `value` is JSON from ui/pages/documents.py: the texts.
// The list comes from the API; listing.js searches and sorts it.
const list = part(".documents");
let words = {};

function say(text) {
  part(".said").textContent = text;
}

// If a token is required, show the form for it.
function refused(status) {
  if (status === 401 || status === 403) askForToken(words, () => say(words.token_kept));
}

async function load() {
  const problem = await fetchDocuments();
  if (problem) say(problem);
  draw();
}

// --- the list

function draw() {
  fillList(list, arranged(), collection, item);
  part(".search-line").hidden = fetched && !documents.length;
  part(".collections").replaceChildren(...[...new Set(documents.map(collectionOf))].filter(Boolean).map((name) => new Option(name)));
  health();
}

function collection(name) {
  const within = documents.filter((one) => collectionOf(one) === name);
  const row = make("li", "", "collection");
  row.append(make("h3", name, "title"), make("span", counted(words, "documents", within.length), "detail"));
  return row;
}

function item(one) {
  const row = make("li", "", "document");
  const name = make("div", "", "document-name");
  name.append(readerLink(titleOf(one), readerAddress(one), "title"), make("p", facts(one), "document-facts"), olderNote(one));
  row.append(name, careful(words.remove, words.really, () => drop(one), titleOf(one)));
  return row;
}

function facts(one) {
  const parts = [one.id];
  if (one.date) parts.push(dated(words, one.date));
  if (one.pages) parts.push(counted(words, "pages", one.pages));
  parts.push(counted(words, "characters", one.characters), counted(words, "passages", one.passages));
  return parts.join("\u00a0· ");
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
  await load();
  part(".find input").focus();
}

function label() {
  if (!props.value) return;
  const given = JSON.parse(props.value);
  words = given.words;
  document.documentElement.lang = words.language;
  const texts = {
    ".drop-hint": "drop", ".into-label": "into", ".pick-files": "pick_files", ".pick-folder": "pick_folder",
    ".health-head": "health",
  };
  for (const [place, key] of Object.entries(texts)) part(place).textContent = words[key];
  labelListing();
  list.setAttribute("aria-label", words.list);
  part(".files").accept = given.accept;
  draw();
}

watch("value", label);
label();
load();
