// The text box. Questions wait in `queue` while an answer is being written, visible and cancellable; the one that was sent
// waits in `sent` until the conversation shows it (conversation.js tells by "footnote:state"), so that none is lost.
const box = part("textarea");
const send = part("#send");
const stop = part("#stop");
const limit = part(".limit");
const editing = part(".editing");
const waiting = part(".queued");
const said = part("[role=status]");
const PAUSE = 300; // Gradio's client may lose an event that starts just as another one ends.
const PATIENCE = 10_000;
const NEAR = 0.8;
const FEW = 10;
let words = {};
let queue = [];
let sent = null;
let patience = 0;
let working = false;
let left = Infinity;
let edited = 0; // The number of the question being edited, or 0.
let draft = ""; // What stood in the box before.

// --- asking

function submit() {
  const question = box.value.trim();
  if (!question) return box.focus();
  if (length() > words.longest || (!edited && left < 1)) return say(limit.textContent);
  const at = edited;
  if (at) leaveEdit();
  else write("");
  enqueue({ question, at, keep: false });
}

function enqueue(request) {
  queue.push({ alone: false, everywhere: false, ...request, id: crypto.randomUUID?.() || String(Math.random()) });
  if (working || sent) say(fill(words.queued_said, request));
  next();
  draw();
}

function next() {
  if (working || sent || !queue.length) return;
  sent = { ...queue.shift(), tried: false };
  patience = setTimeout(unsent, PATIENCE);
  trigger("ask", sent);
  draw();
}

// The server hasn't shown the question. It may have been restarting: try once more, then put the question back into the box,
// or among the others. What is asked again is in its place still. A server that has it already ignores the second attempt.
function unsent() {
  const request = sent;
  if (!request.tried) {
    request.tried = true;
    patience = setTimeout(unsent, PATIENCE);
    return trigger("ask", request);
  }
  sent = null;
  if (!request.keep && box.value.trim()) queue.unshift(request);
  else if (!request.keep) putBack(request.question, request.at);
  draw();
  tell(words.unsent, "unsent");
}

function cancel(request) {
  queue = queue.filter((other) => other !== request);
  if (!request.keep && !box.value.trim()) putBack(request.question, request.at);
  draw();
  box.focus();
  say(words.cancelled);
}

function draw() {
  waiting.replaceChildren(...queue.map(queuedItem));
  waiting.hidden = !queue.length;
}

function queuedItem(request) {
  const item = make("li");
  const drop = button(words.cancel, () => cancel(request), "link");
  drop.setAttribute("aria-label", `${words.cancel}: ${request.question}`);
  item.append(make("span", words.queued, "detail"), make("span", request.question, "asked"), drop);
  return item;
}

// --- what the conversation does

function heard({ detail: value }) {
  const wasWorking = working;
  if (value.id || value.all) working = value.working; // Not where only the texts come.
  left = value.left ?? left;
  if (sent?.id === value.id) {
    clearTimeout(patience);
    sent = null;
  }
  if (value.all && !value.id) opened();
  if (value.back && !box.value.trim() && !queue.length) putBack(value.back, value.id ? value.number : 0);
  if (wasWorking !== working) {
    stop.hidden = !working;
    stop.disabled = false;
    stop.textContent = words.stop;
  }
  measure();
  if (!working) setTimeout(next, PAUSE);
}

// Another conversation: what waits belongs to the one before.
function opened() {
  leaveEdit();
  const questions = queue.map((request) => request.question);
  queue = [];
  draw();
  if (questions.length) putBack([box.value.trim(), ...questions].filter(Boolean).join("\n\n"), 0);
}

function putBack(question, number) {
  if (number) edit({ number, question });
  else write(question);
}

// --- editing an earlier question

function edit({ number, question }) {
  if (!edited) draft = box.value;
  edited = number;
  editing.querySelector("span").textContent = fill(words.editing, { number });
  editing.hidden = false;
  write(question);
}

function leaveEdit() {
  if (!edited) return;
  edited = 0;
  editing.hidden = true;
  write(draft);
}

// --- the box: grows with its text; limits are told before they are hit

function write(text) {
  box.value = text;
  measure();
}

function measure() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  const count = length();
  const is = (number) => number.toLocaleString(words.language);
  const numbers = { count: is(count), over: is(count - words.longest), limit: is(words.longest) };
  const isOver = count > words.longest;
  if (isOver) tell(fill(words.too_long, numbers), "over");
  else if (count > NEAR * words.longest) tell(fill(words.count, numbers), "near");
  else if (edited || left > FEW) tell("", "");
  else if (left < 1) tell(words.full, "full");
  else tell(counted(words, "left", left), "few");
  box.setAttribute("aria-invalid", String(isOver));
  send.hidden = working && !box.value.trim();
}

function length() {
  return [...box.value.trim()].length;
}

// Said when it appears, not at every key.
function tell(text, kind) {
  if (text && limit.dataset.kind !== kind) say(text);
  limit.dataset.kind = kind;
  limit.textContent = text;
  limit.hidden = !text;
}

function say(text) {
  speak(said, text);
}

// A hint of one line, also on a phone.
function hint() {
  box.placeholder = (matchMedia("(max-width: 40rem)").matches ? words.question : words.hint) || "";
}

function label() {
  if (!props.value) return;
  words = JSON.parse(props.value);
  part("label").textContent = words.question;
  hint();
  send.textContent = words.ask;
  stop.textContent = words.stop;
  waiting.setAttribute("aria-label", words.waiting);
  dropEdit.textContent = words.cancel;
  measure();
}

const dropEdit = button("", () => (leaveEdit(), box.focus()), "link");
editing.append(" ", dropEdit);
box.addEventListener("input", measure);
box.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && edited) {
    event.stopPropagation();
    leaveEdit();
  }
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
send.addEventListener("click", submit);
stop.addEventListener("click", () => {
  stop.disabled = true;
  stop.textContent = words.stopping;
  trigger("stop", {});
});
addEventListener("resize", () => {
  hint();
  measure();
});
addEventListener("footnote:state", heard);
addEventListener("footnote:ask", (event) => enqueue(event.detail));
addEventListener("footnote:edit", (event) => {
  edit(event.detail);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
});
// The page reloads: history.js puts these back into the box.
addEventListener("pagehide", () => {
  const lost = [sent, ...queue].filter(Boolean).map((request) => request.question);
  const asked = sessionStorage.getItem("footnote.asked");
  const all = new Set([asked, ...lost].filter(Boolean));
  if (lost.length) sessionStorage.setItem("footnote.asked", [...all].join("\n\n"));
});
watch("value", label);
label();
if (document.activeElement === document.body && !matchMedia("(pointer: coarse)").matches) box.focus();
