// The settings page. `value` is JSON from ui/pages/settings.py: the tables (already escaped) and the texts. The server
// decides who may change settings and which values are allowed.
const form = part(".settings-form");
const said = part(".settings-said");
const lines = part(".settings-lines");
let words = {};

function show() {
  if (!props.value) return;
  const given = JSON.parse(props.value);
  words = given.words;
  document.documentElement.lang = words.language;
  part(".shown").innerHTML = given.html;
  for (const name of ["change", "save", "cancel"]) part(`.${name}`).textContent = words[name];
  lines.setAttribute("aria-label", words.saved);
}

function say(text, toml = "") {
  said.textContent = text;
  said.hidden = !text;
  lines.textContent = toml;
  lines.hidden = !toml;
}

function edit(on) {
  element.classList.toggle("editing", on);
  part(".change").hidden = on;
  part(".save").hidden = part(".cancel").hidden = !on;
  (on ? form.querySelector("input") : part(".change")).focus();
}

function fields() {
  return [...form.querySelectorAll("input[data-group]")];
}

// Send changes; return the reply, or nothing if it was refused and the reader has been told why.
async function send(changes, again) {
  const reply = await fetch("api/settings", {
    method: "PATCH",
    headers: { ...headers(), "Content-Type": "application/json" },
    body: JSON.stringify(changes),
  });
  if (reply.ok) return reply.json();
  const { message } = await reply.json();
  if (reply.status === 401) return askForToken(words, again);
  say(message);
  fields().find((field) => message.startsWith(`'${field.name}'`))?.focus();
}

async function begin() {
  say("");
  if (await send({}, begin)) edit(true);
}

async function save() {
  const edited = fields().filter((field) => field.value !== field.defaultValue);
  if (!edited.length) {
    edit(false);
    return say(words.unchanged);
  }
  const changes = Object.fromEntries(edited.map((field) => [field.name, Number.isNaN(field.valueAsNumber) ? field.value : field.valueAsNumber]));
  const now = await send(changes, save);
  if (!now) return;
  edit(false);
  const groups = Map.groupBy(edited, (field) => field.dataset.group);
  say(words.saved, [...groups].map(([group, all]) => [`[${group}]`, ...all.map(({ name }) => `${name} = ${JSON.stringify(now[name])}`)].join("\n")).join("\n\n"));
  trigger("saved", {});
}

part(".change").addEventListener("click", begin);
part(".cancel").addEventListener("click", () => {
  form.reset();
  say("");
  edit(false);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});
watch("value", show);
show();
