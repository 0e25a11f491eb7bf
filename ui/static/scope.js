// The documents beside the chat: ticks for those it answers from, and an overview of each on demand. On a wide window
// they stay open beside the conversation, otherwise they open as a dialog. `value` is JSON from ui/pages/scope.py: the
// texts, and the names of the chosen documents (null: all).
const CLOSED = "footnote.scope.closed";
const wide = matchMedia("(min-width: 1100px)");
const toggle = part(".scope-toggle");
const scope = part(".scope");
const list = part(".scope-list");
const unfolded = new Set();
const overviews = new Map();
let words = {};
let chosen = null;
let decided = false; // Whether the reader has chosen: the stored choice arrives late and must not undo it.

// --- the list

function draw() {
  const found = arranged();
  fillList(list, found, collection, item);
  part(".scope-body").classList.toggle("empty", fetched && !documents.length);
  const narrowed = found.length < documents.length;
  part(".tick-all").textContent = narrowed ? words.all_found : words.all;
  part(".tick-none").textContent = narrowed ? words.nothing_found : words.nothing;
  part(".scope-every").style.visibility = found.length ? "" : "hidden"; // Its place stays.
  const none = chosen !== null && !chosen.length && documents.length > 0;
  part(".scope-none").hidden = !none;
  const count = documents.length.toLocaleString(words.language);
  const some = chosen && fill(words.some, { chosen: chosen.length.toLocaleString(words.language), count });
  toggle.textContent = some || (documents.length ? counted(words, "toggle", documents.length) : words.title);
  toggle.dataset.short = chosen ? `${chosen.length}/${documents.length}` : documents.length || "";
  return none ? words.unticked : toggle.textContent;
}

function ticked(ones, label) {
  const tick = make("input");
  tick.type = "checkbox";
  const wanted = new Set(chosen);
  const used = ones.filter((one) => !chosen || wanted.has(one.id)).length;
  tick.checked = used === ones.length;
  tick.indeterminate = used > 0 && used < ones.length;
  tick.setAttribute("aria-label", label);
  tick.addEventListener("change", () => choose(ones, tick.checked));
  const around = make("label", "", "tick");
  around.append(tick);
  return around;
}

function collection(name) {
  const within = documents.filter((one) => collectionOf(one) === name);
  const row = make("li", "", "scope-collection");
  row.append(ticked(within, fill(words.use, { title: name })), make("h3", name, "title"), make("span", counted(words, "toggle", within.length), "detail"));
  return row;
}

function item(one) {
  const row = make("li", "", "scope-item");
  const about = make("div", "", "scope-name");
  const unfold = button(titleOf(one), () => fold(one, unfold, overview), "scope-title");
  const overview = make("div", "", "overview");
  unfold.setAttribute("aria-expanded", String(unfolded.has(one.id)));
  overview.hidden = !unfolded.has(one.id);
  about.append(unfold, make("p", facts(one), "document-facts"), olderNote(one), overview);
  if (unfolded.has(one.id)) showOverview(one, overview);
  row.append(ticked([one], fill(words.use, { title: titleOf(one) })), about);
  return row;
}

function facts(one) {
  const parts = one.date ? [dated(words, one.date)] : [];
  if (one.pages) parts.push(counted(words, "pages", one.pages));
  return (parts.length ? parts : [one.id]).join("\u00a0· ");
}

// --- the overview of a document, fetched when it is first unfolded

function fold(one, control, overview) {
  overview.hidden = !overview.hidden;
  control.setAttribute("aria-expanded", String(!overview.hidden));
  if (overview.hidden) return unfolded.delete(one.id);
  unfolded.add(one.id);
  showOverview(one, overview);
}

async function showOverview(one, place) {
  if (!overviews.has(one.id)) {
    place.replaceChildren(make("p", words.loading, "detail-line"));
    const path = one.id.split("/").map(encodeURIComponent).join("/");
    const reply = await fetch(`api/documents/${path}/overview`).catch(() => null);
    if (!reply?.ok) return place.replaceChildren(make("p", (await reply?.json())?.message || "", "detail-line"));
    overviews.set(one.id, await reply.json());
  }
  const { headings, facts } = overviews.get(one.id);
  const parts = [...section("headings", headings, one), ...section("facts", facts, one)];
  if (!parts.length) parts.push(make("p", words.no_overview, "detail-line"));
  place.replaceChildren(...parts, readerLink(words.open, readerAddress(one), "open"));
}

function section(key, places, one) {
  if (!places.length) return [];
  const points = make("ul", "", key);
  for (const { text, start, end, level } of places) {
    const point = make("li");
    if (level > 1) point.classList.add("deeper");
    point.append(readerLink(text, readerAddress(one, start, end)));
    points.append(point);
  }
  points.setAttribute("aria-label", words[key]);
  const head = make("p", words[key], "overview-head");
  head.setAttribute("aria-hidden", "true"); // The list has it as its name.
  return [head, points];
}

// --- which documents the chat answers from

function choose(ones, use) {
  const names = new Set(chosen || documents.map((one) => one.id));
  for (const { id } of ones) use ? names.add(id) : names.delete(id);
  keep([...names]);
}

function keep(names) {
  const every = documents.every((one) => names.includes(one.id));
  [chosen, decided] = [every && names.length ? null : names, true];
  trigger("choose", { names: chosen });
  part(".said").textContent = draw();
}

part(".tick-all").addEventListener("click", () => choose(arranged(), true));
part(".tick-none").addEventListener("click", () => choose(arranged(), false));

// Forget chosen documents that have been deleted.
function prune() {
  if (!chosen || !documents.length) return;
  const known = new Set(documents.map((one) => one.id));
  const left = chosen.filter((name) => known.has(name));
  if (left.length < chosen.length) keep(left.length ? left : [...known]);
}

async function load() {
  await fetchDocuments();
  overviews.clear();
  prune();
  draw();
}

// --- open and closed

// Without moving the focus where the documents stay beside the chat.
function open() {
  document.documentElement.classList.toggle("scope-open", wide.matches); // The conversation makes room, see root.css.
  if (wide.matches) scope.open = true;
  else if (!scope.open) scope.showModal();
  toggle.setAttribute("aria-expanded", "true");
}

function closed() {
  document.documentElement.classList.remove("scope-open");
  toggle.setAttribute("aria-expanded", "false");
}

function remember(isClosed) {
  if (wide.matches) localStorage.setItem(CLOSED, isClosed ? "yes" : "");
}

function settle() {
  if (scope.open) scope.close();
  if (wide.matches && !localStorage.getItem(CLOSED)) setTimeout(open); // After the event "close".
  else closed();
}

toggle.addEventListener("click", () => {
  remember(scope.open);
  if (scope.open) scope.close();
  else open();
});
part(".panel-close").addEventListener("click", () => {
  remember(true);
  scope.close();
  toggle.focus();
});
scope.addEventListener("close", closed);
scope.addEventListener("click", (event) => event.target === scope && !wide.matches && scope.close());
wide.addEventListener("change", settle);
document.addEventListener("visibilitychange", () => !document.hidden && load());

function label() {
  if (!props.value) return;
  const given = JSON.parse(props.value);
  words = given.words;
  if (!decided) chosen = given.chosen;
  const texts = { ".panel-title": "title", ".scope-about": "about", ".scope-none": "unticked", ".manage": "manage" };
  for (const [place, key] of Object.entries(texts)) part(place).textContent = words[key];
  scope.setAttribute("aria-label", words.title);
  part(".panel-close").setAttribute("aria-label", words.close);
  labelListing();
  if (given.ready) prune();
  draw();
}

watch("value", label);
label();
settle();
load();
