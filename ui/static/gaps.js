// Questions without a sure answer, a group each. `value` is JSON from ui/pages/gaps.py: the texts. The groups come from
// ui/gaps.py as JSON.
const list = part(".gaps-list");
let words = {};
let found = null;

function tell(text) {
  part(".gaps-left").textContent = text;
}

async function call(path, body) {
  const sent = body && { method: "POST", body: JSON.stringify(body) };
  const given = body ? { "Content-Type": "application/json" } : {};
  return fetch(`api/gaps${path}`, { ...sent, headers: { ...headers(), ...given } });
}

async function load(note = "") {
  const reply = await call("");
  const said = await reply.json();
  found = reply.ok ? said : null;
  draw(note);
  if (reply.ok) return;
  if (reply.status === 401 || reply.status === 403) askForToken(words, () => load());
  else tell(said.message);
}

// Do something about a group, and show what there is now; `place` is the group to go on with.
async function act(path, body, note, place) {
  const reply = await call(path, body);
  if (!reply.ok) return tell((await reply.json()).message);
  await load(note);
  const next = list.children[Math.min(place, list.children.length - 1)];
  (next?.querySelector("h3") || part(".gaps-title")).focus();
}

function draw(note = "") {
  const gaps = found?.gaps || [];
  part(".gaps-about").textContent = found && !found.kept ? `${words.about} ${words.not_kept}` : words.about || "";
  part(".gaps-actions").hidden = !gaps.length;
  list.replaceChildren(...gaps.map(item));
  if (found) tell(`${note} ${gaps.length ? counted(words, "groups", gaps.length) : words.none}`.trim());
}

function item(gap, place) {
  const row = make("li", "", "gap");
  const heading = make("h3", gap.question);
  heading.dir = "auto";
  heading.tabIndex = -1;
  row.append(heading, facts(gap));
  if (gap.note) row.append(make("p", gap.note, "gap-note"));
  if (gap.asked.length > 1) row.append(more(words.questions, questions(gap)));
  const passages = gap.passages.length ? choices(gap, place) : null;
  if (passages) row.append(more(words.passages, passages));
  row.append(buttons(gap, place, row, passages));
  return row;
}

function facts(gap) {
  const all = make("div", "", "gaps-facts");
  if (!gap.asked.length) return make("p", words.only_note, "gaps-facts");
  const date = dated(words, dayOf(gap.last));
  all.append(make("p", `${counted(words, "asked", gap.asked.length)} · ${fill(words.last, { date })}`));
  const nearest = make("p", "", "gaps-nearest");
  gap.documents.forEach(({ name, address }, at) => nearest.append(at ? ", " : `${words.nearest} `, readerLink(name, address)));
  if (gap.documents.length) all.append(nearest);
  return all;
}

function more(summary, content) {
  const details = make("details");
  details.append(make("summary", summary), content);
  return details;
}

function questions(gap) {
  const all = make("ul");
  for (const { question, at } of gap.asked) {
    const line = make("li", "");
    line.append(make("bdi", question), ` (${dated(words, dayOf(at))})`);
    all.append(line);
  }
  return all;
}

function choices(gap, place) {
  const set = make("fieldset");
  set.append(make("legend", words.which));
  gap.passages.forEach(({ document: name, quote, address }, number) => {
    const label = make("label");
    const choice = make("input");
    Object.assign(choice, { type: "radio", name: `gap-${place}`, value: number });
    const text = make("span");
    text.append(make("q", quote), " ", readerLink(name, address));
    label.append(choice, text);
    set.append(label);
  });
  return set;
}

function buttons(gap, place, row, passages) {
  const line = make("p", "", "gap-buttons");
  const review = (kind, passage) => act("/review", { id: gap.typical, kind, passage }, words.in_review, place);
  const add = (name, press) => line.append(button(words[name], press, "plain"));
  if (gap.typical) {
    add("has_answer", () => {
      const chosen = passages.querySelector("input:checked");
      if (chosen) return review("should_answer", Number(chosen.value));
      passages.parentElement.open = true;
      passages.querySelector("input").focus();
      return tell(words.which);
    });
    add("no_answer", () => review("should_abstain", 0));
  }
  add(gap.note ? "change_note" : "need", () => row.append(form(gap, place, row)));
  const all = gap.asked.map(({ id }) => id);
  const remove = async () => {
    if (gap.note) await call("/note", { questions: named(gap), note: "" });
    act("/delete", { ids: all }, words.deleted, place);
  };
  line.append(careful(words.delete, words.really, remove, gap.question));
  return line;
}

// The questions of a group, the one that stands for it first.
const named = (gap) => [...new Set([gap.question, ...gap.asked.map(({ question }) => question)])];

function form(gap, place, row) {
  row.querySelector(".gap-form")?.remove();
  const made = make("form", "", "gap-form");
  const label = make("label", words.note);
  const text = make("textarea");
  text.value = gap.note || words.need;
  text.rows = 2;
  label.append(text);
  const save = button(words.save, null, "plain");
  save.type = "submit";
  const cancel = () => {
    made.remove();
    row.querySelector("h3").focus();
  };
  made.append(label, save, button(words.cancel, cancel, "plain"));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    act("/note", { questions: named(gap), note: text.value }, words.saved, place);
  });
  setTimeout(() => text.focus());
  return made;
}

async function download() {
  const reply = await call(".csv");
  if (!reply.ok) return tell((await reply.json()).message);
  const link = make("a");
  link.href = URL.createObjectURL(await reply.blob());
  link.download = "gaps.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function label() {
  if (!props.value) return;
  words = JSON.parse(props.value);
  document.documentElement.lang = words.language;
  part(".gaps-title").textContent = words.title;
  part(".gaps-title").tabIndex = -1;
  const review = make("a", words.review);
  review.href = "./review";
  part(".gaps-actions").replaceChildren(button(words.download, download, "plain"), " ", review);
  draw();
}

watch("value", label);
label();
load();
