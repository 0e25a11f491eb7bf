// What a reader says about an answer: a thumb at once, the rest in a form below it. Runs with chat.js in one scope
// (ui/pages/chat.py joins them) and sends through `server.say`. Texts only ever become text nodes.
function opine(event) {
  const button = event.target.closest("[data-opinion]");
  if (!button) return;
  const row = button.closest(".opinion");
  if (button.dataset.opinion === "form") openForm(row);
  else sendOpinion(row, { kind: button.dataset.opinion }).then((done) => done && button.setAttribute("aria-pressed", "true"));
}

async function sendOpinion(row, said) {
  const articles = [...list.children];
  const before = articles.slice(0, articles.indexOf(row.closest("article")));
  const kept = (article) => article.querySelector(".opinion")?.dataset.kept;
  const problem = await server.say({ ...said, kept: row.dataset.kept, before: before.map(kept).filter(Boolean) });
  const note = row.querySelector(".thanks") || row.appendChild(element_of("span", "", "thanks"));
  note.textContent = problem || words.opinions.thanks;
  saidAloud(note.textContent);
  return !problem;
}

function saidAloud(text) {
  said.textContent = text;
}

function element_of(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

function labelled(text, field) {
  const label = element_of("label", "");
  label.append(element_of("span", text), field);
  return label;
}

function openForm(row) {
  const before = row.parentElement.querySelector(".opinion-form");
  if (before) return before.querySelector("input, select, textarea").focus();
  const say = words.opinions;
  const form = element_of("form", "", "opinion-form");
  const kind = document.createElement("select");
  for (const name of ["wrong_answer", "wrong_source", "should_answer", "should_abstain"]) {
    kind.append(new Option(say[name], name));
  }
  if (row.closest(".exchange").querySelector(".calm")) kind.value = "should_answer";
  const right = document.createElement("textarea");
  const find = document.createElement("input");
  find.type = "search";
  const found = element_of("ul", "", "found-passages");
  const comment = document.createElement("textarea");
  const search = button_of(say.find, () => findPassages(find.value || right.value, found));
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    search.click();
  });
  const send = button_of(say.send, null, "plain");
  send.type = "submit";
  const buttons = element_of("p", "");
  buttons.append(send, " ", button_of(say.cancel, () => closeForm(form, row)));
  form.append(
    labelled(say.kind, kind),
    labelled(say.right_answer, right),
    labelled(say.passage, find),
    search,
    found,
    labelled(say.comment, comment),
    buttons,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const passages = [...found.querySelectorAll("li")].filter((one) => one.querySelector("input").checked).map(spanOf);
    const opinion = { kind: kind.value, right_answer: right.value, comment: comment.value, passages };
    if (await sendOpinion(row, opinion)) closeForm(form, row);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      closeForm(form, row);
    }
  });
  row.after(form);
  kind.focus();
}

function button_of(text, act, name = "plain") {
  const made = element_of("button", text, name);
  made.type = "button";
  if (act) made.addEventListener("click", act);
  return made;
}

function closeForm(form, row) {
  form.remove();
  row.querySelector("[data-opinion=form]").focus();
}

async function findPassages(query, found) {
  if (!query.trim()) return;
  const reply = await fetch(`api/search?${new URLSearchParams({ q: query, limit: 5 })}`);
  const passages = reply.ok ? (await reply.json()).passages : [];
  found.replaceChildren(...passages.map(passageItem));
  if (!passages.length) found.append(element_of("li", words.opinions.none));
  found.querySelector("input")?.focus();
}

function passageItem(passage) {
  const item = element_of("li", "");
  const tick = document.createElement("input");
  tick.type = "checkbox";
  const label = document.createElement("label");
  label.append(tick, " ", element_of("b", passage.title || passage.document));
  const text = element_of("p", passage.text, "passage");
  Object.assign(item.dataset, { document: passage.document, start: passage.start, end: passage.end });
  text.addEventListener("mouseup", () => narrow(item, text, tick));
  item.append(label, text);
  return item;
}

// Words selected in a passage are the place that is meant, counted in characters, not in UTF-16 units.
function narrow(item, text, tick) {
  const range = getSelection().rangeCount && getSelection().getRangeAt(0);
  const node = text.firstChild;
  if (!range || range.collapsed || range.startContainer !== node || range.endContainer !== node) return;
  item.dataset.from = [...node.data.slice(0, range.startOffset)].length;
  item.dataset.to = [...node.data.slice(0, range.endOffset)].length;
  tick.checked = true;
}

function spanOf(item) {
  const { document: name, start, end, from, to } = item.dataset;
  return from === undefined ? [name, +start, +end] : [name, +start + +from, +start + +to];
}

element.addEventListener("click", opine);
