// The search page. What is searched for stands in the address, so that reloading, sharing and going back work. `value` is
// JSON from ui/pages/search.py: the texts, and what was found for `q` (already escaped).
const form = part(".search-form");
const field = form.elements.q;
const outcome = part(".outcome");
let wanted = current();

function current() {
  return new URLSearchParams(location.search).get("q") || "";
}

function find(question, everywhere = false) {
  wanted = question;
  outcome.setAttribute("aria-busy", "true");
  trigger("search", { question, everywhere });
}

function show() {
  if (!props.value) return;
  const given = JSON.parse(props.value);
  document.documentElement.lang = given.words.language;
  part(".about").textContent = given.words.about;
  form.querySelector("span").textContent = given.words.label;
  form.querySelector("button").textContent = given.words.go;
  field.placeholder = given.words.hint;
  if (!given.ready || given.question !== wanted) return;
  outcome.innerHTML = given.html;
  outcome.removeAttribute("aria-busy");
  part(".said").textContent = given.say;
  document.title = wanted ? `${wanted} – Footnote` : "Footnote";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = field.value.trim();
  const query = question ? `?${new URLSearchParams({ q: question })}` : "";
  if (question !== current()) history.pushState(null, "", location.pathname + query);
  find(question);
});
addEventListener("popstate", () => find((field.value = current())));
outcome.addEventListener("click", (event) => {
  if (event.target.closest("[data-everywhere]")) find(wanted, true);
});

field.value = wanted;
if (!wanted && !matchMedia("(pointer: coarse)").matches) field.focus();
watch("value", show);
show();
