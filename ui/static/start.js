// The start of the chat page: the documents and questions about them or, where there are none, a place to drop files. `value`
// is JSON from ui/pages/start.py. Once there is a conversation, start.css hides it. Shares a scope with uploads.js.
let words = {};
let drawn = "";

function say(text) {
  part(".added").textContent = text;
}

function refused(status) {
  if (status === 401 || status === 403) askForToken(words, () => say(words.token_kept));
}

// Called by uploads.js when the files have been read.
function load() {
  trigger("refresh", {});
}

function draw() {
  if (!props.value || props.value === drawn) return;
  drawn = props.value;
  const value = JSON.parse(drawn);
  const inside = part(".drop").contains(document.activeElement);
  words = value.words;
  part(".about").textContent = value.empty ? words.empty : words.about;
  part(".drop").hidden = !value.empty;
  part(".drop-hint").textContent = words.drop;
  part(".pick-files").textContent = words.pick_files;
  part(".pick-folder").textContent = words.pick_folder;
  part(".files").accept = value.accept;
  part(".holdings").hidden = !value.holdings;
  part(".holdings span").textContent = value.holdings;
  part(".holdings a").textContent = words.add;
  part(".label").hidden = !value.questions.length;
  part(".label").textContent = words.examples;
  part(".examples").replaceChildren(...value.questions.map(example));
  if (inside && !value.empty) document.querySelector("#ask textarea")?.focus({ preventScroll: true });
}

function example(question) {
  const row = make("li");
  const detail = { question, at: 0, keep: false };
  row.append(button(question, () => dispatchEvent(new CustomEvent("footnote:ask", { detail })), "example"));
  return row;
}

watch("value", draw);
draw();
