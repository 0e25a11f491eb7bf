// A list of documents by collection, searched and sorted. Shared by documents.js and scope.js, in the same scope.
const STEP = 200;
const ORDER = "footnote.order";
let documents = [];
let most = STEP;
let fetched = false; // Until then nothing is known of them, not even that there are none.

// Fetch the documents; return what is wrong, if anything.
async function fetchDocuments() {
  const reply = await fetch("api/documents").catch(() => null);
  const found = reply ? await reply.json() : {};
  documents = reply?.ok ? found.documents : [];
  fetched = true;
  return reply?.ok ? "" : found.message || "";
}

// A collection holds the documents that were added under one folder name.
function collectionOf(one) {
  return one.id.includes("/") ? one.id.slice(0, one.id.indexOf("/")) : "";
}

function titleOf(one) {
  return one.title || one.id;
}

// The documents that match the search, by collection, in the chosen order; those without a date last.
function arranged() {
  const wanted = part(".find input").value.trim().toLowerCase();
  const order = part(".order select").value || "name";
  const byName = (a, b) => collator.compare(titleOf(a), titleOf(b)) || collator.compare(a.id, b.id);
  const byDate = (a, b) => !a.date - !b.date || (order === "newest" ? -1 : 1) * (a.date > b.date || -(a.date < b.date)) || byName(a, b);
  const found = documents.filter((one) => `${one.id} ${one.title} ${one.date}`.toLowerCase().includes(wanted));
  return found.sort((a, b) => collator.compare(collectionOf(a), collectionOf(b)) || (order === "name" ? byName : byDate)(a, b));
}

const collator = new Intl.Collator(undefined, { numeric: true });

// Fill a list with the first documents and the heads of their collections; the focus stays where it was.
function fillList(list, found, collection, item) {
  const nameOf = (control) => control.getAttribute("aria-label") || control.textContent;
  const focused = list.contains(document.activeElement) && nameOf(document.activeElement);
  const shown = found.slice(0, most);
  list.replaceChildren();
  for (const [place, one] of shown.entries()) {
    const name = collectionOf(one);
    if (name && (!place || name !== collectionOf(shown[place - 1]))) list.append(collection(name));
    list.append(item(one));
  }
  if (focused) [...list.querySelectorAll("input, a, button")].find((each) => nameOf(each) === focused)?.focus();
  if (!found.length && fetched) list.append(make("li", documents.length ? words.none_found : words.none, "none"));
  part(".more-documents").hidden = found.length <= most;
}

// That there is a newer version of a document, with the way there; nothing where it is the newest.
function olderNote(one) {
  const newest = one.newest_version && documents.find((other) => other.id === one.newest_version);
  if (!newest) return "";
  const note = make("p");
  note.append(readerLink(fill(words.older, { title: titleOf(newest) }), readerAddress(newest), "older"));
  return note;
}

function readerAddress(one, start = 0, end = 0) {
  return `./read?${new URLSearchParams({ document: one.id, start, end })}${end ? "#quote" : ""}`;
}

function labelListing() {
  const select = part(".order select");
  const order = select.value || localStorage.getItem(ORDER);
  select.replaceChildren(...["name", "newest", "oldest"].map((key) => new Option(words[key], key)));
  if (order) select.value = order;
  part(".find-label").textContent = words.find;
  part(".order-label").textContent = words.order;
  part(".more-documents").textContent = words.more;
}

part(".find input").addEventListener("input", () => {
  most = STEP;
  draw();
});
part(".order select").addEventListener("change", (event) => {
  localStorage.setItem(ORDER, event.target.value);
  draw();
});
part(".more-documents").addEventListener("click", () => {
  most += STEP;
  draw();
});
