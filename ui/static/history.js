// The conversations of this browser, stored only there, as questions and ids of answers. Read again before every change,
// since another tab may have changed them.
const KEY = "footnote.conversations";
const MOST = 200;
const PATIENCE = 10_000;
const PAUSE = 300;
const toggle = part(".history-toggle");
const drawer = part(".history");
const list = part(".history-list");
const said = part("[role=status]");
let words = {};
let opening = 0;
let unanswered = null;
let next = null;
let away = true;
let current = sessionStorage.getItem("footnote.conversation") || "";

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)).filter((kept) => kept.id && Array.isArray(kept.turns));
  } catch {
    return [];
  }
}

function write(conversations) {
  localStorage.setItem(KEY, JSON.stringify(conversations.slice(0, MOST)));
  draw();
}

function change(id, edit) {
  write(read().map((kept) => (kept.id === id ? { ...kept, ...edit } : kept)));
}

// The tab remembers its conversation, for when it comes back from another page or reloads.
function enter(id) {
  current = id;
  sessionStorage.setItem("footnote.conversation", id);
}

function remember(turns) {
  const others = read().filter((kept) => kept.id !== current);
  const before = read().find((kept) => kept.id === current);
  if (!current) enter(crypto.randomUUID?.() || String(Date.now()));
  const title = before?.title || turns[0].question.slice(0, 100);
  write([{ id: current, title, turns, at: new Date().toISOString() }, ...others]);
}

function draw() {
  const conversations = read();
  part(".history-none").hidden = conversations.length > 0;
  list.replaceChildren(...conversations.map(item));
}

function item(kept) {
  const open = button(kept.title, () => reopen(kept), "history-open");
  if (kept.id === current) open.setAttribute("aria-current", "true");
  const when = make("span", dated(words, dayOf(kept.at)), "detail");
  const more = make("details", "", "history-more");
  const summary = make("summary", "⋯");
  summary.setAttribute("aria-label", fill(words.actions, { title: kept.title }));
  const acts = [
    button(words.rename, () => rename(kept, row)),
    button(words.markdown, () => save(kept, "md")),
    button(words.json, () => save(kept, "json")),
    careful(words.remove, words.really, () => forget(kept)),
  ];
  more.append(summary, ...acts);
  const row = make("li", "");
  row.append(open, when, more);
  return row;
}

// One after the other: of two requests at once, the first might be shown last; and Gradio's client may lose an event that
// starts just as another one ends. A request that gets no reply is sent once more.
function show(turns, asked) {
  if (opening) next = { turns, asked };
  else send({ turns, asked }, true);
}

function send(request, isFirst) {
  unanswered = isFirst && request;
  opening = setTimeout(() => (unanswered && !next ? send(unanswered, false) : go()), PATIENCE);
  trigger("open", request);
}

function go() {
  opening = 0;
  if (next) show(next.turns, next.asked);
  next = null;
}

function shown() {
  unanswered = null;
  if (!opening) return;
  clearTimeout(opening);
  opening = setTimeout(go, PAUSE);
}

function reopen(kept) {
  show(kept.turns, "");
  enter(kept.id);
  draw();
  if (innerWidth <= 900) close();
  else focusOn(kept.id);
}

// Restore the tab: its conversation, and a question that was lost with the connection. Not if the reader asked something
// before the page was ready: that is a new conversation, and stays.
function resume() {
  if (!away) return;
  away = false;
  const isLinked = new URLSearchParams(location.search).has("answer");
  const kept = !isLinked && read().find((one) => one.id === current);
  const asked = sessionStorage.getItem("footnote.asked") || ""; // Stays until it is shown: the page may reload again.
  enter(kept ? kept.id : "");
  if (kept || asked) show(kept ? kept.turns : [], asked);
}

function begin() {
  unanswered = null;
  if (away) enter("");
  away = false;
}

function rename(kept, row) {
  const field = make("input", "", "history-title");
  field.value = kept.title;
  field.setAttribute("aria-label", words.title);
  const done = (title) => {
    if (title) change(kept.id, { title });
    else draw();
    focusOn(kept.id);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault(); // Otherwise it would press the button that gets the focus next.
      done(field.value.trim());
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      done("");
    }
  });
  row.replaceChildren(field);
  field.focus();
  field.select();
}

function focusOn(id) {
  const place = read().findIndex((kept) => kept.id === id);
  (list.children[place]?.querySelector("button") || toggle).focus();
}

async function save(kept, form) {
  const answers = kept.turns.map((turn) => turn.answer);
  const file = await server.exported_file({ title: kept.title, answers, form });
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: "text/plain;charset=utf-8" }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function forget(kept) {
  await server.forget({ answers: kept.turns.map((turn) => turn.answer) });
  write(read().filter((other) => other.id !== kept.id));
  if (kept.id === current) enter("");
  said.textContent = words.removed;
  toggle.focus();
}

function close() {
  drawer.hidden = true;
  toggle.setAttribute("aria-expanded", "false");
  toggle.focus();
}

toggle.addEventListener("click", () => {
  drawer.hidden = !drawer.hidden;
  toggle.setAttribute("aria-expanded", String(!drawer.hidden));
});
part(".panel-close").addEventListener("click", close);
drawer.addEventListener("keydown", (event) => event.key === "Escape" && close());
addEventListener("storage", (event) => event.key === KEY && draw());
addEventListener("footnote:shown", shown);
addEventListener("footnote:asked", begin);
addEventListener("footnote:turns", (event) => remember(event.detail));
addEventListener("footnote:anew", () => {
  enter("");
  draw();
});

function label() {
  if (!props.value) return;
  const isFirst = !words.ready;
  words = JSON.parse(props.value);
  if (isFirst && words.ready) resume();
  toggle.textContent = words.conversations;
  part(".panel-title").textContent = words.conversations;
  drawer.setAttribute("aria-label", words.conversations);
  part(".panel-close").setAttribute("aria-label", words.close);
  part(".history-none").textContent = words.none;
  draw();
}

watch("value", label);
label();
