// The conversation in the page. `value` is JSON from ui/view.py: the number of an exchange (0: none), its HTML (already
// escaped), the text for screen readers, how many there are, and whether the question is still being answered. Only that
// exchange is updated, so that anything the reader has unfolded, selected or focused elsewhere stays as it is; one with
// another `id` takes the place of the one before.
const list = part(".exchanges");
const said = part(".said");
const QUIET = 10_000;
let words = {};
let began = 0;
let clock = 0;
let heard = 0;
let picture = ""; // The exchange as received: the same one again must not move the focus or fold anything.

function show() {
  if (!props.value) return;
  const value = JSON.parse(props.value);
  if (value.lost) return location.reload(); // history.js opens the conversation again.
  heard = Date.now();
  if (value.working) sessionStorage.setItem("footnote.asked", value.asked);
  else if (value.done || value.id || value.all || value.back) sessionStorage.removeItem("footnote.asked");
  if (value.words) label(value.words);
  if (value.all) {
    list.replaceChildren(...value.all.map(filled));
    picture = "";
    closePanel();
    const article = list.children[value.number - 1];
    if (article) article.dataset.attempt = value.id;
    if (value.working || value.back) lookAt(article);
    if (!value.all.length) tell("anew");
  } else if (value.number) {
    const isNew = list.children[value.number - 1]?.dataset.attempt !== value.id;
    const article = isNew ? begun(value) : list.children[value.number - 1];
    if (isNew || value.html !== picture) article.innerHTML = value.html;
    picture = value.html;
    if (isNew) {
      lookAt(article);
      tell("asked");
    }
  }
  if (value.all || value.back) tell("shown");
  if (opener && !opener.isConnected) closePanel();
  if (value.done && value.turns.length) tell("turns", value.turns);
  if (said.textContent !== (value.say || "")) said.textContent = value.say || "";
  count(Boolean(value.working));
  tell("state", value);
}

// The article of a new attempt, in the place of the one with its number and without those that are gone.
function begun(value) {
  const article = newArticle(value.number);
  article.dataset.attempt = value.id;
  const before = list.children[value.number - 1];
  if (before) before.replaceWith(article);
  else list.append(article);
  while (list.children.length > value.total) list.lastElementChild.remove();
  return article;
}

function label(texts) {
  words = texts;
  document.documentElement.lang = texts.language;
  list.setAttribute("aria-label", texts.conversation);
  labelPanel(texts);
}

function newArticle(number) {
  const article = make("article", "", "exchange");
  article.setAttribute("aria-label", fill(words.question, { number }));
  return article;
}

function filled(html, place) {
  const article = newArticle(place + 1);
  article.innerHTML = html;
  return article;
}

// Scroll a new question to the top of the window if it isn't fully visible; its answer grows below it.
function lookAt(article) {
  if (article && list.children.length > 1) article.scrollIntoView({ behavior: pace(), block: "start" });
  keepFocus();
}

// The pressed button has disappeared: focus the text box, unless that would open an on-screen keyboard.
function keepFocus() {
  if (document.activeElement === document.body && !matchMedia("(pointer: coarse)").matches) {
    document.querySelector("#question textarea")?.focus({ preventScroll: true });
  }
}

function count(working) {
  if (working && !clock) {
    began = Date.now();
    clock = setInterval(tick, 1000);
  } else if (!working && clock) {
    clearInterval(clock);
    clock = 0;
    setTimeout(keepFocus, 100);
  }
  if (working) tick();
}

function tick() {
  const seconds = Math.round((Date.now() - began) / 1000);
  const place = list.querySelector(".elapsed");
  if (place && seconds > 1) place.textContent = ` ${seconds} s`;
  if (Date.now() - heard > QUIET) listen();
}

// No update for a while: the answer may be lost with the connection. Ask the server as soon as it is back.
async function listen() {
  heard = Date.now();
  const reply = await fetch("healthz").catch(() => null);
  if (reply?.ok) trigger("listen", {});
}

function pace() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

element.addEventListener("click", (event) => {
  const alone = event.target.closest("button[data-alone]");
  if (alone) tell("ask", { question: alone.dataset.alone, at: 0, keep: false, alone: true });
  const everywhere = event.target.closest("button[data-everywhere]");
  if (everywhere) tell("ask", { question: everywhere.dataset.everywhere, at: 0, keep: false, everywhere: true });
});
watch("value", show);
show();
