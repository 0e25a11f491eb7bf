// In the head of every page: the theme and the language that the reader has chosen in this browser. Both are kept in
// cookies, so that the server renders in that language, and the page of a document, which has no script, in that theme.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = (name) => new RegExp(`(?:^|; )footnote_${name}=([^;]*)`).exec(document.cookie)?.[1] || "";

  function keep(name, value) {
    const path = new URL("./", document.baseURI).pathname;
    const age = value ? 365 * 24 * 3600 : 0;
    document.cookie = `footnote_${name}=${value}; path=${path}; max-age=${age}; samesite=lax`;
  }

  // Gradio follows the system and sets its class on the body; the reader's choice comes first.
  function paint() {
    const dark = (kept("theme") || (system.matches ? "dark" : "light")) === "dark";
    root.classList.toggle("is-dark", dark);
    document.body?.classList.toggle("dark", dark);
  }

  // The documents beside the chat, see scope.js.
  const isChat = location.pathname.endsWith("/");
  root.classList.toggle("scope-open", isChat && !localStorage.getItem("footnote.scope.closed"));

  paint();
  system.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", () => {
    paint();
    new MutationObserver(paint).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  });
  document.addEventListener("change", ({ target }) => {
    if (target.name === "footnote-theme") {
      keep("theme", target.value);
      paint();
    }
    if (target.name === "footnote-language") {
      keep("language", target.value);
      location.reload();
    }
  });
  // The choice stands below its button, wherever that is in a language (frame.css).
  document.addEventListener("beforetoggle", ({ target }) => {
    const button = target.id === "display" && document.querySelector(".display-button").getBoundingClientRect();
    if (button) root.style.setProperty("--display", `${button.left}px`);
  }, true);
  document.addEventListener("toggle", ({ target }) => {
    if (target.id !== "display") return;
    for (const radio of target.querySelectorAll("[name=footnote-theme]")) radio.checked = radio.value === kept("theme");
  }, true);
})();
