// The conversations of this browser: kept in its own storage and nowhere else, as the questions and the ids of the answers.
// Read before every change, since another tab may have changed them. Texts only ever become text nodes.
const KEY = "footnote.conversations";
const MOST = 200;
const toggle = element.querySelector(".history-toggle");
const drawer = element.querySelector(".history");
const list = element.querySelector(".history-list");
const said = element.querySelector("[role=status]");
let words = {};
let current = "";

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

function remember(turns) {
  const others = read().filter((kept) => kept.id !== current);
  const before = read().find((kept) => kept.id === current);
  current ||= crypto.randomUUID?.() || String(Date.now());
  const title = before?.title || turns[0].question.slice(0, 100);
  write([{ id: current, title, turns, at: new Date().toISOString() }, ...others]);
}

function draw() {
  const conversations = read();
  element.querySelector(".history-none").hidden = conversations.length > 0;
  list.replaceChildren(...conversations.map(item));
}

function item(kept) {
  const open = button(kept.title, () => trigger("open", { turns: kept.turns }), "history-open");
  open.addEventListener("click", () => {
    current = kept.id;
    draw();
    if (innerWidth <= 900) close();
    else focusOn(kept.id);
  });
  if (kept.id === current) open.setAttribute("aria-current", "true");
  const when = make("span", new Date(kept.at).toLocaleDateString(), "detail");
  const more = make("details", "", "history-more");
  const summary = make("summary", "⋯");
  summary.setAttribute("aria-label", words.actions.replace("{title}", kept.title));
  const drop = button(words.remove, () => confirmed(drop, kept));
  const acts = [
    button(words.rename, () => rename(kept, row)),
    button(words.markdown, () => save(kept, "md")),
    button(words.json, () => save(kept, "json")),
    drop,
  ];
  more.append(summary, ...acts);
  const row = make("li", "");
  row.append(open, when, more);
  return row;
}

function make(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

function button(text, act, name = "") {
  const made = make("button", text, name);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
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
      event.preventDefault(); // Else it would press the button that has the focus next.
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
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: "text/plain;charset=utf-8" }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// The first press asks, the second deletes.
async function confirmed(drop, kept) {
  if (!drop.dataset.sure) {
    drop.dataset.sure = "yes";
    drop.textContent = words.really;
    drop.addEventListener("blur", () => (delete drop.dataset.sure, (drop.textContent = words.remove)), { once: true });
    return;
  }
  await server.forget({ answers: kept.turns.map((turn) => turn.answer) });
  write(read().filter((other) => other.id !== kept.id));
  if (kept.id === current) current = "";
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
element.querySelector(".panel-close").addEventListener("click", close);
drawer.addEventListener("keydown", (event) => event.key === "Escape" && close());
addEventListener("storage", (event) => event.key === KEY && draw());
addEventListener("footnote:turns", (event) => remember(event.detail));
addEventListener("footnote:anew", () => {
  current = "";
  draw();
});

function label() {
  if (!props.value) return;
  words = JSON.parse(props.value);
  toggle.textContent = words.conversations;
  element.querySelector(".panel-title").textContent = words.conversations;
  drawer.setAttribute("aria-label", words.conversations);
  element.querySelector(".panel-close").setAttribute("aria-label", words.close);
  element.querySelector(".history-none").textContent = words.none;
  draw();
}

watch("value", label);
label();
