// The conversation in the page. `value` is JSON from ui/page.py: the number of an exchange and its HTML (everything in it
// escaped there), what a screen reader says, and whether the question is being answered; number 0 begins anew. Only
// that exchange is touched, so that what a reader has unfolded, selected or focused elsewhere stays as it is.
const list = element.querySelector(".exchanges");
const said = element.querySelector(".said");
const panel = element.querySelector(".panel");
const shown = element.querySelector(".panel-body");
const hint = element.querySelector(".hint");
let words = {};
let opener = null;
let began = 0;
let clock = 0;

function show() {
  if (!props.value) return;
  const value = JSON.parse(props.value);
  if (value.words) label(value.words);
  if (value.all) {
    list.replaceChildren(...value.all.map(filled));
    closePanel();
  } else if (value.number) {
    const isNew = list.children.length < value.number;
    if (isNew) list.append(newArticle(value.number));
    list.children[value.number - 1].innerHTML = value.html;
    if (isNew) lookAt(list.lastElementChild);
  } else {
    list.replaceChildren();
    closePanel();
    dispatchEvent(new Event("footnote:anew"));
  }
  if (value.turns?.length) dispatchEvent(new CustomEvent("footnote:turns", { detail: value.turns }));
  if (said.textContent !== (value.say || "")) said.textContent = value.say || "";
  count(Boolean(value.working));
}

function label(texts) {
  words = texts;
  document.documentElement.lang = texts.language;
  list.setAttribute("aria-label", texts.conversation);
  panel.setAttribute("aria-label", texts.sources);
  shown.setAttribute("aria-label", texts.sources);
  panel.querySelector(".panel-title").textContent = texts.sources;
  panel.querySelector(".panel-close").setAttribute("aria-label", texts.close);
}

function newArticle(number) {
  const article = document.createElement("article");
  article.className = "exchange";
  article.setAttribute("aria-label", words.question.replace("{number}", number));
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
}

function pace() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

// --- the evidence panel: a mark, or an item of the list below the answer, opens it at its source

function numberOf(part) {
  return [...list.children].indexOf(part.closest("article")) + 1;
}

function evidence(button) {
  return button.closest("article").querySelector(".evidence");
}

function openPanel(button) {
  unmark();
  opener = button;
  button.classList.add("current");
  shown.replaceChildren(...[...evidence(button).children].map((piece) => piece.cloneNode(true)));
  panel.hidden = false;
  const piece = shown.querySelector(`[data-mark="${button.dataset.opens}"]`);
  piece.classList.add("current");
  piece.querySelector("h3").focus({ preventScroll: true });
  const target = piece.querySelector("mark") || piece.querySelector("h3");
  piece.scrollIntoView({ block: "start" });
  const below = target.getBoundingClientRect().bottom - shown.getBoundingClientRect().bottom;
  if (below > 0) shown.scrollTop += below + 40;
  button.scrollIntoView({ block: "nearest" });
}

function unmark() {
  opener?.classList.remove("current");
}

function closePanel() {
  if (panel.hidden) return;
  panel.hidden = true;
  unmark();
  if (opener?.isConnected) opener.focus();
  opener = null;
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-opens]");
  if (button) openPanel(button);
  if (event.target.closest(".panel-close")) closePanel();
  const act = event.target.closest("button[data-act]");
  if (act) trigger("act", { act: act.dataset.act, number: numberOf(act) });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!hint.hidden) hideHint();
  else closePanel();
});

// --- the quote behind a mark, while the pointer or the focus is on it

function showHint(event) {
  const mark = event.target.closest?.("button.mark");
  if (!mark) return;
  const quote = evidence(mark)?.querySelector(`[data-mark="${mark.dataset.opens}"] mark`)?.textContent || "";
  hint.textContent = quote.length > 300 ? `“${quote.slice(0, 300).replace(/\S*$/, "")}…”` : `“${quote}”`;
  hint.hidden = false;
  mark.setAttribute("aria-describedby", hint.id);
  const place = mark.getBoundingClientRect();
  const left = Math.min(Math.max(place.left - 20, 12), innerWidth - hint.offsetWidth - 12);
  const above = place.top - hint.offsetHeight;
  hint.style.left = `${left}px`;
  hint.style.top = `${above > 0 ? above : place.bottom}px`;
}

function hideHint(event) {
  if (event?.relatedTarget && event.relatedTarget === hint) return;
  hint.hidden = true;
  list.querySelector("[aria-describedby]")?.removeAttribute("aria-describedby");
}

list.addEventListener("mouseover", showHint);
list.addEventListener("focusin", showHint);
list.addEventListener("mouseout", hideHint);
list.addEventListener("focusout", hideHint);
hint.addEventListener("mouseleave", hideHint);
addEventListener("scroll", () => hideHint(), { passive: true });

watch("value", show);
show();
