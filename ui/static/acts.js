// The buttons below an answer: copy it or its link, ask again, edit the question. Shares a scope with conversation.js.
const SHOWN = 2500;

function act(event) {
  const pressed = event.target.closest("[data-act]");
  if (!pressed) return;
  const { act: name, text } = pressed.dataset;
  const number = [...list.children].indexOf(pressed.closest("article")) + 1;
  if (name === "retry") tell("ask", { question: text, at: number, keep: true });
  else if (name === "edit") tell("edit", { question: text, number });
  else if (name === "link") copy(pressed, new URL(text, location.href).href, words.act.linked);
  else copy(pressed, text, words.act.copied);
}

// Tell the other parts of the page.
function tell(what, detail) {
  dispatchEvent(new CustomEvent(`footnote:${what}`, { detail }));
}

async function copy(pressed, text, done) {
  const note = (await toClipboard(text)) ? done : words.act.uncopied;
  speak(said, note);
  const row = pressed.parentElement;
  row.querySelector(".thanks")?.remove();
  row.append(make("span", note, "thanks"));
  row.lastElementChild.setAttribute("aria-hidden", "true"); // It is said already.
  setTimeout(() => row.querySelector(".thanks")?.remove(), SHOWN);
}

// Pages without HTTPS have no clipboard of their own; there the older way still works.
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const field = make("textarea", text);
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    focused?.focus({ preventScroll: true });
    return copied;
  }
}

element.addEventListener("click", act);
