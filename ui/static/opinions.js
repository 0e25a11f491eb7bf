// Feedback on an answer: a thumb is sent at once, the rest with a form below it. Shares a scope with conversation.js; sends
// through `server.say`.
function opine(event) {
  const button = event.target.closest("[data-opinion]");
  if (!button) return;
  const row = button.closest(".opinion");
  if (button.dataset.opinion === "form") openForm(row);
  else sendOpinion(row, { kind: button.dataset.opinion }).then((done) => done && button.setAttribute("aria-pressed", "true"));
}

async function sendOpinion(row, opinion) {
  const articles = [...list.children];
  const before = articles.slice(0, articles.indexOf(row.closest("article")));
  const kept = (article) => article.querySelector(".opinion")?.dataset.kept;
  const problem = await server.say({ ...opinion, kept: row.dataset.kept, before: before.map(kept).filter(Boolean) });
  const note = row.querySelector(".thanks") || row.appendChild(make("span", "", "thanks"));
  note.textContent = problem || words.opinions.thanks;
  said.textContent = note.textContent;
  return !problem;
}

function labelled(text, field) {
  const label = make("label");
  label.append(make("span", text), field);
  return label;
}

function openForm(row) {
  const before = row.parentElement.querySelector(".opinion-form");
  if (before) return before.querySelector("input, select, textarea").focus();
  const say = words.opinions;
  const form = make("form", "", "opinion-form");
  const kind = make("select");
  for (const name of row.dataset.complaints.split(" ")) kind.append(new Option(say[name], name));
  const right = make("textarea");
  const find = make("input");
  find.type = "search";
  const found = make("ul", "", "found-passages");
  const comment = make("textarea");
  const search = button(say.find, () => findPassages(find.value || right.value, found), "plain");
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    search.click();
  });
  const send = button(say.send, null, "plain");
  send.type = "submit";
  const buttons = make("p");
  buttons.append(send, " ", button(say.cancel, () => closeForm(form, row), "plain"));
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

function closeForm(form, row) {
  form.remove();
  row.querySelector("[data-opinion=form]").focus();
}

async function findPassages(query, found) {
  if (!query.trim()) return;
  const reply = await fetch(`api/search?${new URLSearchParams({ q: query, limit: 5 })}`);
  const passages = reply.ok ? (await reply.json()).passages : [];
  found.replaceChildren(...passages.map(passageItem));
  if (!passages.length) found.append(make("li", words.opinions.none));
  found.querySelector("input")?.focus();
}

function passageItem(passage) {
  const item = make("li");
  const title = passage.title || passage.document;
  const tick = make("input");
  tick.type = "checkbox";
  const label = make("label");
  label.append(tick, " ", make("b", title));
  const text = make("textarea", passage.text.replace(/\r\n/g, " \n"), "passage"); // A text field drops every \r.
  text.addEventListener("beforeinput", (event) => event.preventDefault()); // Read-only, but selectable with the keyboard.
  text.setAttribute("aria-readonly", "true");
  text.spellcheck = false;
  text.rows = 5;
  text.setAttribute("aria-label", title);
  text.addEventListener("select", () => narrow(item, text, tick));
  Object.assign(item.dataset, { document: passage.document, start: passage.start, end: passage.end });
  item.append(label, text);
  return item;
}

// Selected words narrow the span down; counted in characters, not in UTF-16 units.
function narrow(item, text, tick) {
  const { value, selectionStart: from, selectionEnd: to } = text;
  if (from === to) return;
  item.dataset.from = [...value.slice(0, from)].length;
  item.dataset.to = [...value.slice(0, to)].length;
  tick.checked = true;
}

function spanOf(item) {
  const { document: name, start, end, from, to } = item.dataset;
  return from === undefined ? [name, +start, +end] : [name, +start + +from, +start + +to];
}

element.addEventListener("click", opine);
