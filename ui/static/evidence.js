// The evidence panel, opened at its source by a mark or an item of the list below an answer. Shares a scope with conversation.js.
const panel = part(".panel");
const shown = part(".panel-body");
const hint = part(".hint");
let opener = null;

function labelPanel(texts) {
  panel.setAttribute("aria-label", texts.sources);
  shown.setAttribute("aria-label", texts.sources);
  panel.querySelector(".panel-title").textContent = texts.sources;
  panel.querySelector(".panel-close").setAttribute("aria-label", texts.close);
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
  const mine = `[data-mark~="${button.dataset.opens}"]`;
  const piece = shown.querySelector(mine);
  for (const one of [piece, ...piece.querySelectorAll(mine)]) one.classList.add("current");
  for (const origin of piece.querySelectorAll(".origin")) origin.hidden = !origin.matches(mine);
  piece.querySelector("h3").focus({ preventScroll: true });
  const target = piece.querySelector("mark.current") || piece.querySelector("h3");
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
  const title = event.target.closest(".source .where");
  const button = event.target.closest("button[data-opens]") || title?.parentElement.querySelector("button");
  if (button) openPanel(button);
  if (event.target.closest(".panel-close")) closePanel();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!hint.hidden) hideHint();
  else closePanel();
});

// --- the title and the quote behind a mark, shown on hover or focus

function showHint(event) {
  const mark = event.target.closest?.("button.mark");
  if (!mark) return;
  const piece = evidence(mark)?.querySelector(`[data-mark~="${mark.dataset.opens}"]`);
  if (!piece) return;
  const quote = [...piece.querySelectorAll(`mark[data-mark~="${mark.dataset.opens}"]`)].map((one) => one.textContent).join("");
  const words = quote.length > 300 ? `“${quote.slice(0, 300).replace(/\S*$/, "")}…”` : `“${quote}”`;
  hint.replaceChildren(make("span", piece.querySelector(".title").textContent, "title"), make("span", words));
  hint.hidden = false;
  mark.setAttribute("aria-describedby", hint.id);
  const place = mark.getBoundingClientRect();
  const width = document.documentElement.clientWidth; // Without the place of a scrollbar.
  const left = Math.min(Math.max(place.left - 20, 12), width - hint.offsetWidth - 12);
  const above = place.top - hint.offsetHeight;
  hint.style.left = `${left}px`;
  hint.style.top = `${above > 0 ? above : place.bottom}px`;
}

function hideHint(event) {
  if (event?.relatedTarget && event.relatedTarget === hint) return;
  hint.hidden = true;
  element.querySelector("[aria-describedby]")?.removeAttribute("aria-describedby");
}

for (const name of ["mouseover", "focusin"]) element.addEventListener(name, showHint);
for (const name of ["mouseout", "focusout"]) element.addEventListener(name, hideHint);
hint.addEventListener("mouseleave", hideHint);
addEventListener("scroll", () => hideHint(), { passive: true });
