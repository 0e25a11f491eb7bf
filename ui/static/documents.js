// The documents: what is there, what comes in and goes, and which of them the chat may use. `value` is JSON from
// ui/pages/documents.py: the words, and the names of the chosen documents (null: all). What is shown comes from the API as
// JSON and only ever becomes text nodes.
const part = (name) => element.querySelector(name);
const list = part(".documents");
const arrivals = part(".arrivals");
const TOKEN = "footnote.token";
const STEP = 200;
let words = {};
let documents = [];
let chosen = null;
let most = STEP;
let queue = Promise.resolve();

function say(text) {
  part(".said").textContent = text;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

function count(key, number) {
  return fill(words[number === 1 ? `${key}.one` : `${key}.other`], { count: number.toLocaleString() });
}

function make(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

function headers() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

// A refusal for want of a token shows the place to give it.
function refused(status) {
  if (status !== 401 && status !== 403) return;
  part(".token").hidden = false;
  part(".token input").focus();
}

async function load() {
  const reply = await fetch("api/documents");
  const found = await reply.json();
  documents = reply.ok ? found.documents : [];
  if (!reply.ok) say(found.message);
  draw();
}

// --- what is there

function draw() {
  const wanted = part(".find input").value.trim().toLowerCase();
  const found = documents.filter((one) => `${one.id} ${one.title} ${one.date}`.toLowerCase().includes(wanted));
  list.replaceChildren(...found.slice(0, most).map(item));
  if (!found.length) list.append(make("li", wanted ? words.none_found : words.none, "none"));
  part(".more-documents").hidden = found.length <= most;
  part(".use").hidden = !documents.length;
  element.querySelectorAll("[name=use]").forEach((radio) => (radio.checked = (radio.value === "all") === !chosen));
  health();
}

function item(one) {
  const row = make("li", "", "document");
  const tick = make("input");
  tick.type = "checkbox";
  tick.checked = !chosen || chosen.includes(one.id);
  tick.disabled = !chosen;
  tick.setAttribute("aria-label", fill(words.use, { title: one.title || one.id }));
  tick.addEventListener("change", () => {
    choose(tick.checked ? [...chosen, one.id] : chosen.filter((name) => name !== one.id));
  });
  const name = make("div", "", "document-name");
  const title = make("a", one.title || one.id, "title");
  title.href = `./read?${new URLSearchParams({ document: one.id, start: 0, end: 0 })}`;
  title.target = "_blank";
  title.rel = "noopener";
  title.append(make("span", ` ${words.opens_tab}`, "hidden"));
  name.append(title, make("p", facts(one), "document-facts"));
  const drop = make("button", words.remove, "link");
  drop.type = "button";
  drop.setAttribute("aria-label", `${words.remove}: ${one.title || one.id}`);
  drop.addEventListener("click", () => confirmed(drop, one));
  row.append(tick, name, drop);
  return row;
}

function facts(one) {
  const parts = [one.id];
  if (one.date) parts.push(one.date);
  if (one.pages) parts.push(count("pages", one.pages));
  parts.push(count("characters", one.characters), count("passages", one.passages));
  return parts.join(" · ");
}

// What was read, and what is worth a look: pages without text, documents of the same content.
function health() {
  const passages = documents.reduce((sum, one) => sum + one.passages, 0);
  const lines = [make("li", `${count("documents", documents.length)}, ${count("passages", passages)}`)];
  for (const one of documents.filter((each) => each.empty_pages.length)) {
    lines.push(make("li", fill(words.empty_pages, { name: one.id, pages: one.empty_pages.join(", ") }), "look"));
  }
  const first = {};
  for (const one of documents) {
    if (first[one.sha256]) {
      lines.push(make("li", fill(words.duplicate, { name: one.id, other: first[one.sha256] }), "look"));
    }
    first[one.sha256] ||= one.id;
  }
  part(".health").replaceChildren(...lines);
}

// The first press asks, the second deletes.
async function confirmed(drop, one) {
  if (!drop.dataset.sure) {
    drop.dataset.sure = "yes";
    drop.textContent = words.really;
    drop.setAttribute("aria-label", `${words.really} ${one.title || one.id}`);
    drop.addEventListener("blur", draw, { once: true });
    return;
  }
  const path = one.id.split("/").map(encodeURIComponent).join("/");
  const reply = await fetch(`api/documents/${path}`, { method: "DELETE", headers: headers() });
  if (reply.ok) {
    say(fill(words.removed, { name: one.id }));
    if (chosen) choose(chosen.filter((name) => name !== one.id));
    await load();
    part(".find input").focus();
  } else {
    arrived(one.id, { state: "failed", text: (await reply.json()).message });
    refused(reply.status);
  }
}

// --- which the chat may use

function choose(names) {
  chosen = names;
  trigger("choose", { names });
  draw();
}

element.addEventListener("change", (event) => {
  if (event.target.name === "use") choose(event.target.value === "all" ? null : documents.map((one) => one.id));
});

// --- what comes in

function arrived(name, { state, text, share }) {
  let row = [...arrivals.children].find((each) => each.dataset.name === name);
  if (!row) {
    row = make("li");
    row.dataset.name = name;
    row.append(make("span", name, "arrival-name"), make("progress"), make("span", "", "arrival-text"));
    row.querySelector("progress").setAttribute("aria-label", name);
    arrivals.append(row);
  }
  row.className = state;
  row.querySelector(".arrival-text").textContent = text;
  const bar = row.querySelector("progress");
  bar.hidden = state !== "coming";
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = share;
}

function take(files) {
  const wanted = files.filter(({ name }) => !name.split("/").some((piece) => piece.startsWith(".")));
  for (const { name } of wanted) arrived(name, { state: "coming", text: words.waiting, share: 0 });
  for (const { name, file } of wanted) queue = queue.then(() => send(name, file));
  queue = queue.then(load);
}

async function send(name, file) {
  const body = new FormData();
  body.append("file", file, name);
  arrived(name, { state: "coming", text: words.sending });
  try {
    const reply = await fetch("api/documents", {
      method: "POST",
      body,
      headers: { ...headers(), Accept: "text/event-stream" },
    });
    if (!reply.ok) {
      refused(reply.status);
      arrived(name, { state: "failed", text: (await reply.json()).message });
      return;
    }
    let last = "";
    for await (const [event, data] of events(reply.body)) show(name, (last = event), data);
    if (last === "progress") throw new Error(last);
  } catch {
    arrived(name, { state: "failed", text: words.broken });
  }
}

function show(name, event, data) {
  if (event === "progress") {
    const reading = data.step === "embed" && data.total;
    const text = reading ? fill(words.reading, { done: data.done, total: data.total }) : words.sending;
    arrived(name, { state: "coming", text, share: reading ? data.done / data.total : undefined });
  } else if (event === "error") {
    arrived(name, { state: "failed", text: data.message });
    say(data.message);
  } else {
    const notes = [words[data.change]];
    if (data.empty_pages.length) notes.push(fill(words.empty_pages, { name: "", pages: data.empty_pages.join(", ") }));
    if (data.same_as) notes.push(fill(words.duplicate, { name: "", other: data.same_as }));
    arrived(name, { state: "done", text: notes.join("; ").replace(/\s+/g, " ") });
    say(`${name}: ${words[data.change]}`);
  }
}

// Server-sent events out of a response's body.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const name = /^event: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (name && data) yield [name, JSON.parse(data)];
    }
  }
}

async function* within(entry, path = "") {
  if (entry.isFile) {
    yield { name: path + entry.name, file: await new Promise((done, failed) => entry.file(done, failed)) };
  } else {
    const reader = entry.createReader();
    for (;;) {
      const entries = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!entries.length) return;
      for (const inner of entries) yield* within(inner, `${path}${entry.name}/`);
    }
  }
}

const drop = part(".drop");
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry()).filter(Boolean);
  const files = [];
  for (const entry of entries) for await (const file of within(entry)) files.push(file);
  take(files);
});
for (const [pick, field] of [[".pick-files", ".files"], [".pick-folder", ".folder"]]) {
  part(pick).addEventListener("click", () => part(field).click());
  part(field).addEventListener("change", (event) => {
    take([...event.target.files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
    event.target.value = "";
  });
}
part(".token").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, part(".token input").value);
  part(".token").hidden = true;
  say(words.token_kept);
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
  ({ words, chosen } = JSON.parse(props.value));
  document.documentElement.lang = words.language;
  const texts = {
    ".token-label": "token", ".token button": "token_keep", ".drop-hint": "drop", ".pick-files": "pick_files",
    ".pick-folder": "pick_folder", ".health-head": "health", ".use legend": "use_legend", ".use-all": "use_all",
    ".use-some": "use_some", ".find-label": "find", ".more-documents": "more",
  };
  for (const [place, key] of Object.entries(texts)) part(place).textContent = words[key];
  list.setAttribute("aria-label", words.list);
  draw();
}

watch("value", label);
label();
load();
