// The conversation in the page. `value` is JSON from ui/view.py: the number of an exchange and its HTML (everything in it
// escaped there), what a screen reader says, and whether the question is being answered; number 0 is none. Only
// that exchange is touched, so that what a reader has unfolded, selected or focused elsewhere stays as it is.
const list = part(".exchanges");
const said = part(".said");
const QUIET = 10_000;
let words = {};
let began = 0;
let clock = 0;
let heard = 0;
let picture = ""; // The last exchange as it was given: the same again must not take the focus or what was folded out.

function show() {
  if (!props.value) return;
  const value = JSON.parse(props.value);
  if (value.lost) return location.reload(); // history.js opens the conversation again.
  heard = Date.now();
  if (value.working) sessionStorage.setItem("footnote.asked", value.asked);
  else if (value.done) sessionStorage.removeItem("footnote.asked");
  if (value.words) label(value.words);
  if (value.all) {
    list.replaceChildren(...value.all.map(filled));
    picture = "";
    closePanel();
    if (value.working) lookAt(list.lastElementChild);
    dispatchEvent(new Event("footnote:shown"));
    if (!value.all.length) dispatchEvent(new Event("footnote:anew"));
  } else if (value.number) {
    const isNew = list.children.length < value.number;
    if (isNew) list.append(newArticle(value.number));
    if (isNew || value.html !== picture) list.children[value.number - 1].innerHTML = value.html;
    picture = value.html;
    if (isNew) {
      lookAt(list.lastElementChild);
      dispatchEvent(new Event("footnote:asked"));
    }
  }
  if (value.done && value.turns.length) dispatchEvent(new CustomEvent("footnote:turns", { detail: value.turns }));
  if (said.textContent !== (value.say || "")) said.textContent = value.say || "";
  count(Boolean(value.working));
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

// Where a new question does not show whole it goes to the top of the window, and its answer grows below it.
function lookAt(article) {
  if (list.children.length > 1) article.scrollIntoView({ behavior: pace(), block: "start" });
  keepFocus();
}

// The button that was pressed is gone now; go on in the text box, except where that would bring up a keyboard on glass.
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

// Nothing came for a while: the answer may have been lost with the connection. Who answers knows, when it is there again.
async function listen() {
  heard = Date.now();
  const reply = await fetch("healthz").catch(() => null);
  if (reply?.ok) trigger("listen", {});
}

function pace() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-alone]");
  if (button) trigger("alone", { number: [...list.children].indexOf(button.closest("article")) + 1 });
});
watch("value", show);
show();
