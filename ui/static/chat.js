// The conversation in the page. `value` is JSON from ui/page.py: the number of an exchange and its HTML (everything in it
// escaped there), what a screen reader says, and whether the question is being answered; number 0 begins anew. Only
// that exchange is touched, so that what a reader has unfolded, selected or focused elsewhere stays as it is.
const list = element.querySelector(".exchanges");
const said = element.querySelector(".said");
let began = 0;
let clock = 0;

function show() {
  const value = props.value ? JSON.parse(props.value) : { number: 0 };
  if (value.number) {
    const isNew = list.children.length < value.number;
    if (isNew) list.append(newArticle(value.number));
    list.children[value.number - 1].innerHTML = value.html;
    if (isNew) lookAt(list.lastElementChild);
  } else {
    list.replaceChildren();
  }
  if (said.textContent !== (value.say || "")) said.textContent = value.say || "";
  count(Boolean(value.working));
}

function newArticle(number) {
  const article = document.createElement("article");
  article.className = "exchange";
  article.setAttribute("aria-label", `Question ${number}`);
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

// A mark leads to its source, and the way back leads to the mark.
list.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-to]");
  const target = button && document.getElementById(button.dataset.to);
  if (!target) return;
  const details = target.querySelector("details");
  if (details) details.open = true;
  const place = details ? details.querySelector("summary") : target;
  place.focus({ preventScroll: true });
  (target.querySelector("mark") || target).scrollIntoView({ behavior: pace(), block: "center" });
  target.classList.remove("reached");
  void target.offsetWidth;
  target.classList.add("reached");
});

watch("value", show);
show();
