// The review queue, one item at a time: a accepts, r rejects, s skips. `value` is JSON from ui/pages/review.py: the texts. The
// feedback comes from ui/review.py as JSON.
let words = {};
let waiting = [];
let place = 0;

function tell(text) {
  part(".review-left").textContent = text;
}

async function load() {
  const reply = await fetch("api/review", { headers: headers() });
  const found = await reply.json();
  waiting = reply.ok ? found.waiting : [];
  place = 0;
  draw();
  if (reply.ok) return;
  tell("");
  if (reply.status === 401 || reply.status === 403) askForToken(words, load);
  else tell(found.message);
}

function left() {
  return waiting.length ? counted(words, "left", waiting.length) : words.none;
}

function draw(note = "") {
  tell(`${note} ${left()}`.trim());
  const said = waiting[place];
  part(".review-item").replaceChildren(...(said ? card(said) : []));
}

function card(said) {
  const facts = make("dl");
  const row = (name, value) => {
    if (!value || (value.length === 0 && !value.tagName)) return;
    const detail = make("dd", typeof value === "string" ? value : "");
    if (typeof value !== "string") detail.append(value);
    facts.append(make("dt", words[name]), detail);
  };
  const right = make("textarea");
  right.value = said.right_answer;
  right.setAttribute("aria-label", words.right_answer);
  row("question", said.question);
  row("said", words[said.kind]);
  row("answer", said.answer);
  row("citations", quotes(said.citations));
  if (!["up", "should_abstain"].includes(said.kind)) row("right_answer", right);
  row("passages", quotes(said.passages));
  row("comment", said.comment);
  const buttons = make("p", "", "review-buttons");
  for (const [name, act] of Object.entries({ accept: () => decide("accept", right), reject: () => decide("reject"), skip })) {
    const made = button(words[name], act, "plain");
    made.setAttribute("aria-keyshortcuts", name[0]);
    buttons.append(made, " ");
  }
  return said.lacks ? [facts, make("p", words[said.lacks], "calm"), buttons] : [facts, buttons];
}

function quotes(spans) {
  if (!spans.length) return null;
  const list = make("ul", "");
  for (const span of spans) {
    const item = make("li", "");
    item.append(make("bdi", span.document), ": ", make("q", span.quote));
    list.append(item);
  }
  return list;
}

function skip() {
  place = waiting.length ? (place + 1) % waiting.length : 0;
  draw();
}

async function decide(decision, right) {
  const said = waiting[place];
  const body = { decision };
  if (right && right.value !== said.right_answer) body.right_answer = right.value;
  const reply = await fetch(`api/review/${said.id}`, {
    method: "POST",
    headers: { ...headers(), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!reply.ok) return tell((await reply.json()).message);
  waiting.splice(place, 1);
  place = waiting.length ? place % waiting.length : 0;
  draw(decision === "accept" ? words.accepted : words.rejected);
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = { a: 0, r: 1, s: 2 }[event.key];
  if (place !== undefined) part(".review-buttons")?.querySelectorAll("button")[place].click();
});
function label() {
  if (!props.value) return;
  words = JSON.parse(props.value);
  document.documentElement.lang = words.language;
  part(".review-about").textContent = words.about;
  part(".review-gaps").textContent = words.gaps;
  draw();
}

watch("value", label);
label();
load();
