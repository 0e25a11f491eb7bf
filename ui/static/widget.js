// <footnote-widget>: a question box for any web page. Every answer links to the passages behind it.
//
//   <script src="https://host/widget.js" …></script>    adds a button to a corner of the page
//   <footnote-widget …></footnote-widget>               is the box itself, placed in the page
//
// Both take the same data- attributes; ui/README.md lists them. There is no build step. The script only calls the API,
// only stores the conversation (in the tab), and contains no secret. Text from the server, the documents or the reader
// is always inserted as text, never as markup.
(() => {
  "use strict";

  // --- texts, in the language of the page

  const ENGLISH = {
    title: "Ask a question",
    greeting: "Answers come from our documents. Every sentence links to its source.",
    question: "Your question",
    ask: "Ask",
    stop: "Stop",
    close: "Close",
    anew: "New conversation",
    conversation: "Conversation",
    number: "Question {number}",
    asked: "You asked:",
    starting: "Starting",
    searching: "Searching the documents",
    reading: "Reading passages",
    writing: "Writing",
    checking: "Checking each sentence",
    waiting_one: "Waiting: 1 question ahead of yours",
    waiting_other: "Waiting: {count} questions ahead of yours",
    about: ", about {seconds} s",
    draft: "Draft, not checked yet",
    weak: " (no source found)",
    sources_one: "1 source",
    sources_other: "{count} sources",
    source: "Source {mark}: {title}",
    page: "page {page}",
    abstained: "The documents do not answer this",
    unsure: "The documents may answer this",
    outright: "The documents don't state it outright. Check whether these quotes answer your question.",
    found: "Found in {title}:",
    query: "Searched for:",
    nearest: "Closest passages (may not contain the answer)",
    stopped: "Stopped. The text so far has not been checked.",
    stopped_early: "Stopped before there was an answer.",
    failed: "No answer",
    again: "Try again",
    back: "Back to the answer",
    loading: "Loading the passage",
    open: "Open the document here",
    new_tab: " (opens in a new tab)",
    older: "Older version; the newest is {title}",
    changed: "This document has changed since the answer was given. The original quote:",
    gone: "This passage isn't available: the document was changed or deleted.",
    support: "Contact us:",
    opinion: "Is this correct?",
    up: "Yes, this is correct",
    down: "No, this is wrong",
    what: "What is wrong?",
    wrong_answer: "The answer is wrong",
    wrong_source: "The source does not say this",
    should_answer: "It should have answered",
    should_abstain: "It should have said it doesn't know",
    down_other: "Something else",
    right_answer: "Correct answer (optional)",
    send: "Send",
    cancel: "Cancel",
    thanks: "Thanks, saved for review.",
    unreachable: "Can't reach the server, or this site isn't allowed to use it.",
    too_many: "Too many questions right now. Try again in a moment.",
    deadline: "This took too long. Try again later, or ask a shorter question.",
    token_refused: "Please sign in again.",
    internal: "Something went wrong on the server. You can ask again.",
  };
  // Languages with a file of texts on the server: ui/static/texts/widget.
  const TRANSLATED = ["cy", "de", "es", "fr"];
  const FORMS = { 0: "zero", 1: "one", 2: "two", 3: "few", 6: "many" }; // as in ui/texts.py

  // The texts of a language with functions for those with gaps; what a table lacks is said in English.
  function speaking(table) {
    const words = { ...ENGLISH, ...table };
    const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    const said = (key) => fill.bind(null, words[key]);
    const counted = (key) => (count) => fill(words[`${key}_${FORMS[count]}`] || words[`${key}_other`], { count });
    const gaps = ["number", "about", "source", "page", "found", "older"].map((key) => [key, said(key)]);
    return { ...words, ...Object.fromEntries(gaps), waiting: counted("waiting"), sources: counted("sources") };
  }

  // --- style. A constructed stylesheet is not an inline style, so a strict Content-Security-Policy allows it.

  const LOOKS = `
    /* !important here wins over !important in the page, so none of the page's rules apply to the element. Custom
       properties and text direction still come through. Sizes are in em of this size, never in the page's rem. */
    :host {
      all: initial !important;
      display: block !important;
      font: var(--footnote-text-size, medium)/1.5 var(--footnote-font, system-ui, -apple-system, "Segoe UI", Roboto,
        "Noto Sans", "Liberation Sans", sans-serif) !important;
    }
    :host([data-mode="launcher"]) { display: contents !important; }
    :host([data-mode="launcher"]) .root { position: absolute; }
    :host([hidden]) { display: none !important; }
    *, ::before, ::after { box-sizing: border-box; }
    .root {
      --paper: var(--footnote-paper, light-dark(#fbfaf7, #1b1b19));
      --sheet: var(--footnote-sheet, light-dark(#ffffff, #242421));
      --ink: var(--footnote-ink, light-dark(#1d1d1b, #ecebe6));
      --faint: var(--footnote-faint, light-dark(#5c5b57, #aaa79f));
      --line: var(--footnote-line, light-dark(#dedbd3, #3d3c37));
      --link: var(--footnote-link, light-dark(#0b5a7a, #7cc4e2));
      --tint: var(--footnote-tint, light-dark(#e6f0f4, #1d323b));
      --calm: var(--footnote-calm, light-dark(#f3f0e8, #282721));
      --quoted: var(--footnote-quoted, light-dark(#ffeb99, #5d4c00));
      --on-quoted: var(--footnote-on-quoted, light-dark(#1d1d1b, #fff6d6));
      --button: var(--footnote-button, light-dark(#0b5a7a, #7cc4e2));
      --on-button: var(--footnote-on-button, light-dark(#ffffff, #0c2733));
      --user: var(--tint);
      --on-user: var(--ink);
      --radius: var(--footnote-radius, 14px);
      --serif: var(--footnote-serif, Charter, "Bitstream Charter", "Iowan Old Style", Georgia, "Noto Serif",
        "Liberation Serif", serif);
      color: var(--ink);
      color-scheme: light dark;
      text-align: start;
      overflow-wrap: anywhere;
    }
    .root[data-theme="light"] { color-scheme: light; }
    .root[data-theme="dark"] { color-scheme: dark; }
    h2, h3, h4, p, ul, ol { margin: 0; padding: 0; font-size: 1em; font-weight: inherit; }
    /* Interface texts keep their own direction in a page of the other direction. */
    h2, h3, h4, p, label, legend { unicode-bidi: plaintext; }
    ul.plain { list-style: none; }
    button, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
    button { margin: 0; padding: 0; border: 0; background: none; text-align: inherit; cursor: pointer; }
    button:disabled { cursor: default; opacity: .5; }
    a { color: var(--link); }
    svg { display: block; width: 1.25em; height: 1.25em; fill: none; stroke: currentColor; stroke-width: 1.75;
      stroke-linecap: round; stroke-linejoin: round; }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
    [hidden] { display: none !important; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
      white-space: nowrap; }
    .small { color: var(--faint); font-size: .8125em; }

    /* The launcher and its panel are in the browser's top layer, above any z-index. */
    .launcher, .panel[popover] { position: fixed; inset: auto; margin: 0; border: 0; padding: 0; overflow: visible;
      background: none; color: inherit; }
    .root[data-at^="top"] > [popover] { top: 20px; }
    .root[data-at^="bottom"] > [popover] { bottom: 20px; }
    .root[data-at$="left"] > [popover] { left: 20px; }
    .root[data-at$="right"] > [popover] { right: 20px; }
    .root[data-at$="end"] > [popover] { inset-inline-end: 20px; }
    .launcher button { display: flex; align-items: center; gap: .6em; padding: .75em 1.15em .75em 1em;
      border: 1px solid transparent; border-radius: 2em; background: var(--button); color: var(--on-button);
      font-weight: 600; box-shadow: 0 1px 2px rgb(0 0 0 / .2), 0 6px 20px rgb(0 0 0 / .18); }
    .launcher button:hover { box-shadow: 0 1px 2px rgb(0 0 0 / .25), 0 8px 28px rgb(0 0 0 / .28); }
    .launcher :focus-visible { outline: 3px solid var(--link); outline-offset: 3px;
      box-shadow: 0 0 0 3px var(--paper); }

    .panel { display: none; flex-direction: column; position: relative; overflow: hidden; width: 100%;
      height: var(--footnote-height, 34em); min-height: 16em;
      padding: 0; background: var(--paper); color: var(--ink); border: 1px solid var(--line);
      border-radius: var(--radius); }
    .panel[popover] { overflow: hidden; width: var(--footnote-width, 26em); height: var(--footnote-height, 40em);
      min-height: 0; max-width: calc(100vw - 40px); max-height: calc(100dvh - 40px); border: 1px solid var(--line);
      background: var(--paper); color: var(--ink);
      box-shadow: 0 2px 6px rgb(0 0 0 / .12), 0 16px 48px rgb(0 0 0 / .22); }
    section.panel, .panel:popover-open, .panel[open] { display: flex; }
    .panel::backdrop { background: none; }
    @media (max-width: 30em), (max-height: 26em) {
      .root > .panel[popover] { inset: 0; width: 100vw; height: 100dvh; max-width: none; max-height: none;
        border: 0; border-radius: 0; }
    }

    .head { display: flex; align-items: center; gap: .25em; padding: .7em .6em .7em 1.1em;
      border-bottom: 1px solid var(--line); background: var(--head, transparent); color: var(--on-head, inherit); }
    .head img { width: 1.6em; height: 1.6em; margin-inline-end: .4em; object-fit: contain; }
    .head h2 { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
      font: 700 1.0625em/1.3 var(--serif); }
    .icon { display: grid; place-items: center; width: 2.1em; height: 2.1em; border-radius: .5em;
      color: var(--on-head, var(--faint)); }
    .icon:hover { background: var(--calm); color: var(--ink); }
    .icon:focus-visible { outline-offset: -2px; outline-color: var(--on-head, var(--link)); }

    .body { position: relative; flex: 1; min-height: 0; display: flex; flex-direction: column; }
    .log { position: relative; flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain;
      padding: 1.1em; container-type: size; }
    .log:focus-visible, .passage:focus-visible { outline-offset: -3px; }
    .greeting { color: var(--faint); white-space: pre-line; }
    .examples { margin-top: .8em; }
    .examples button { width: 100%; padding: .6em 0; border-bottom: 1px solid var(--line); color: var(--ink); }
    .examples button:hover { color: var(--link); }

    .exchange { margin-top: 1.6em; }
    /* Space below the newest question, so that it can scroll to the top while its answer grows. */
    .exchange:last-child:not(:first-child) { min-height: calc(100cqh - 1em); }
    .question { width: fit-content; max-width: 88%; margin-inline-start: auto; padding: .45em .85em;
      border-radius: 1em; border-end-end-radius: .25em; background: var(--user); color: var(--on-user);
      white-space: pre-line; }
    .reply { margin-top: .9em; }
    .text > * + * { margin-top: .55em; }
    .text ul, .text ol { padding-inline-start: 1.4em; }
    .text li + li { margin-top: .25em; }
    .answer.tinted { padding: .6em .85em; border-radius: 1em; border-end-start-radius: .25em;
      background: var(--assistant); color: var(--on-assistant); }
    .text code { font: .9em/1.5 ui-monospace, monospace; }
    .text pre { overflow-x: auto; padding: .5em .7em; border: 1px solid var(--line); border-radius: .3em; }
    .draft { color: var(--faint); }
    .found { margin-bottom: .7em; padding-inline-start: .85em; border-inline-start: 3px solid var(--line); }
    .found q, .words { font-family: var(--serif); }
    .unsure { padding-inline-start: .85em; border-inline-start: 3px dashed var(--link); }
    .unsure h4 { font-weight: 600; }
    .text.unsure .small { margin-top: .1em; }
    .tinted .small { color: inherit; }
    .weak { text-decoration: underline dotted; text-underline-offset: .2em; }
    .together { white-space: nowrap; }
    .mark { display: inline-block; min-width: 1.7em; margin-inline-start: .25em; padding: .1em .4em;
      border-radius: .35em; background: var(--tint); color: var(--link); font-size: .75em; font-weight: 600;
      line-height: 1.4; text-align: center; vertical-align: .2em; }
    .mark:hover { background: var(--link); color: var(--paper); }
    .activity { display: flex; align-items: center; gap: .6em; color: var(--faint); font-size: .875em; }
    .activity::before { content: ""; width: .5em; height: .5em; border-radius: 50%; background: var(--link); }
    .draft + .activity { margin-top: .7em; }

    .sources { margin-top: .9em; padding-top: .6em; border-top: 1px solid var(--line); font-size: .875em; }
    .sources h4 { color: var(--faint); font-size: .93em; }
    .sources button { display: flex; gap: .6em; width: 100%; padding: .3em 0; }
    .sources button:hover .title { color: var(--link); text-decoration: underline; }
    .sources .marks { flex: none; color: var(--link); font-weight: 600; }
    .sources .title { min-width: 0; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical;
      -webkit-line-clamp: 2; }
    .sources .nearest { display: block; padding: .45em 0; }
    .sources .nearest .title { -webkit-line-clamp: 1; }
    .sources .excerpt { overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
      color: var(--faint); font-family: var(--serif); }
    .calm { padding: .75em .95em; border-inline-start: 3px solid var(--link); background: var(--calm); }
    .calm h4 { font-weight: 600; }
    .calm p { margin-top: .2em; }
    .note { margin-top: .6em; color: var(--faint); font-size: .8125em; }

    .opinion { display: flex; flex-wrap: wrap; align-items: center; gap: .25em; margin-top: .6em; }
    .opinion .icon { width: 1.9em; height: 1.9em; color: var(--faint); }
    .opinion svg { width: 1.1em; height: 1.1em; }
    .opinion .down svg { transform: rotate(180deg); }
    .complaint { width: 100%; margin: .4em 0 0; padding: .7em .9em; border: 1px solid var(--line);
      border-radius: .6em; background: var(--sheet); font-size: .875em; }
    .complaint legend { float: left; width: 100%; padding: 0; margin-bottom: .3em; font-weight: 600; }
    .complaint label { display: flex; gap: .6em; align-items: baseline; clear: both; padding: .2em 0; }
    .complaint label.column { display: block; margin-top: .4em; }
    .complaint input { margin: 0; accent-color: var(--link); }
    .complaint textarea { display: block; margin-top: .3em; min-height: 3.6em; resize: vertical; }
    .buttons { display: flex; gap: .5em; margin-top: .6em; }

    textarea { width: 100%; padding: .55em .75em; border: 1px solid var(--faint); border-radius: .6em;
      background: var(--sheet); line-height: 1.4; resize: none; }
    textarea::placeholder { color: var(--faint); opacity: 1; }
    textarea:focus-visible { outline-offset: -1px; }
    .foot { display: flex; align-items: end; gap: .5em; padding: .8em; border-top: 1px solid var(--line); }
    .foot textarea { flex: 1; max-height: 9em; }
    .strong, .plain-button { padding: .55em .95em; border: 1px solid var(--button); border-radius: .6em;
      background: var(--button); color: var(--on-button); font-weight: 600; line-height: 1.4; }
    .plain-button { background: none; border-color: var(--faint); color: var(--ink); font-weight: 400; }
    .plain-button:hover { border-color: var(--link); color: var(--link); }
    .retry { margin-top: .6em; }

    .passage { position: absolute; inset: 0; overflow-y: auto; overscroll-behavior: contain; padding: 0 1.1em 1.4em;
      background: var(--paper); }
    /* Stays in sight while the passage scrolls under it. */
    .passage .back { position: sticky; top: 0; z-index: 1; margin: 0 -1.1em; padding: .5em 1.1em;
      border-bottom: 1px solid var(--line); background: var(--paper); }
    .back button { display: flex; align-items: center; gap: .4em; padding: .4em .9em .4em .6em;
      border: 1px solid var(--faint); border-radius: .6em; font-size: .9375em; font-weight: 600; }
    .back button:hover { border-color: var(--link); color: var(--link); }
    .passage h3 { margin-top: .5em; font-weight: 600; }
    .passage .where { margin-top: .1em; }
    .passage blockquote { margin: .9em 0; padding: 0; font: 1em/1.6 var(--serif); white-space: pre-line; }
    .passage .around { color: var(--faint); }
    .passage mark { padding: .1em 0; background: var(--quoted); color: var(--on-quoted); font-style: normal;
      -webkit-box-decoration-break: clone; box-decoration-break: clone; }
    .back svg:dir(rtl) { transform: scaleX(-1); }

    /* Fingers. */
    @media (pointer: coarse) {
      .icon, .opinion .icon { width: 44px; height: 44px; }
      .launcher button, .strong, .plain-button, .back button, .examples button, .sources button, .complaint label,
        .passage a { min-height: 44px; }
      .passage a { display: inline-flex; align-items: center; }
      .sources button, .complaint label { align-items: center; }
      .mark { position: relative; }
      .mark::after { content: ""; position: absolute; inset: -1em -.5em; }
    }

    @media (prefers-reduced-motion: no-preference) {
      .activity::before { animation: breathe 1.6s ease-in-out infinite; }
      .passage, .panel[popover] { animation: appear .16s ease-out; }
    }
    @keyframes breathe { 50% { opacity: .25; } }
    @keyframes appear { from { opacity: 0; transform: translateY(6px); } }
    @media print { :host([data-mode="launcher"]) { display: none !important; } }
  `;

  const ICONS = {
    chatBubble: "M4 5h16v11h-9l-5 4v-4H4z",
    plus: "M12 5v14M5 12h14",
    search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 20 20",
    support: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.8v.1",
    magic: "M12 3l2.2 6.8L21 12l-6.8 2.2L12 21l-2.2-6.8L3 12l6.8-2.2z",
    close: "M6 6l12 12M18 6 6 18",
    anew: "M4 5h16v11h-9l-5 4v-4H4zM12 7.5v6M9 10.5h6",
    back: "M14 6l-6 6 6 6",
    up: "M7 11v9H4v-9zM7 11l4-7c1.5 0 2.4 1.2 2.1 2.6L12.5 10H18a2 2 0 0 1 2 2.4l-1.2 6a2 2 0 0 1-2 1.6H7",
  };
  ICONS.search2 = ICONS.search;

  const NARROW = "(max-width: 30em), (max-height: 26em)";
  const AROUND = 600; // characters of a document shown on either side of a span
  const TURNS = 20; // turns of the conversation sent with a question
  const MARKS = /(`[^`\n]+`[^\s[`]*|\S*)((?:[ \t]*\[\d+\])+)/g;
  // Code, bold words, and links to other documents in Markdown.
  const MARKUP = /`([^`\n]+)`|\*\*(?=\S)([^*\n]+)\*\*|\[([^[\]\n]+)\]\((?:[^():\s]|\([^():\s]*\))+\)/g;
  const BULLET = /^\s*(?:[-*•–]|(\d{1,3})[.)])\s+/;
  const HEADING = /^\s*#+\s+/;
  const FENCE = /^\s*```/;
  const COMPLAINTS = {
    answered: ["wrong_answer", "wrong_source", "should_abstain"],
    unsure: ["should_answer", "wrong_source", "should_abstain"],
    abstained: ["should_answer"],
  };

  // --- building the page, without markup

  // Create an element. Function attributes become event listeners; false and undefined ones are skipped.
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== undefined && child !== ""));
    return element;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  function iconButton(name, label, click, className = "") {
    return make(
      "button",
      { type: "button", class: `icon ${className}`, "aria-label": label, title: label, click },
      icon(name),
    );
  }

  function textButton(label, className, click) {
    return make("button", { type: "button", class: className, click }, label);
  }

  // --- the server

  class Problem extends Error {
    constructor(word, message = "") {
      super(message);
      this.word = word;
    }
  }

  class Server {
    constructor(base, token) {
      this.base = base;
      this.token = token;
    }

    async *ask(question, signal) {
      const response = await this.post("/api/ask", { ...question, stream: true }, signal);
      yield* events(response.body.pipeThrough(new TextDecoderStream()).getReader());
    }

    async passage({ document, start, end }, around) {
      const query = new URLSearchParams({ start, end, around });
      const path = document.split("/").map(encodeURIComponent).join("/");
      const response = await this.send(`/api/documents/${path}/passage?${query}`);
      return response.json();
    }

    // Address of the page that shows a document at a span.
    reading({ document, start, end }) {
      return `${this.base}/read?${new URLSearchParams({ document, start, end })}#quote`;
    }

    post(path, body, signal) {
      const headers = { "Content-Type": "application/json" };
      return this.send(path, { method: "POST", body: JSON.stringify(body), headers, signal });
    }

    // Send cookies: a proxy in front of the server may use them to identify the reader.
    async send(path, options = {}) {
      const token = await this.token();
      const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
      const response = await fetch(this.base + path, {
        ...options,
        headers,
        credentials: "include",
        cache: "no-store",
      }).catch((error) => {
        throw options.signal?.aborted ? error : new Problem("unreachable");
      });
      if (response.ok) return response;
      const said = await response.json().catch(() => ({}));
      throw new Problem(said.error || "internal", said.message);
    }
  }

  // Yield [name, data] of each server-sent event (WHATWG HTML, section 9.2).
  async function* events(reader) {
    let rest = "";
    try {
      for (;;) {
        const { value, done } = await reader.read().catch(() => ({ done: true }));
        if (done) throw new Problem("unreachable"); // The stream must end with an answer.
        const blocks = (rest + value).split(/\r?\n\r?\n/);
        rest = blocks.pop();
        for (const block of blocks) {
          const lines = block.split(/\r?\n/);
          const field = (name) =>
            lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length).trim());
          const data = field("data:").join("\n");
          if (data) yield [field("event:")[0], JSON.parse(data)];
        }
      }
    } finally {
      reader.cancel().catch(() => {}); // It may already be aborted.
    }
  }

  // --- the conversation, kept for the tab

  class Memory {
    constructor(key) {
      this.key = key;
    }

    // If the page may not store anything (a sandboxed frame), the conversation lasts as long as the page.
    load() {
      try {
        return JSON.parse(sessionStorage.getItem(this.key)) || [];
      } catch {
        return [];
      }
    }

    save(exchanges) {
      try {
        sessionStorage.setItem(this.key, JSON.stringify(exchanges));
      } catch {
        /* Full, or not allowed. */
      }
    }
  }

  // --- text

  // The parts of an attribute that lists several, separated by commas.
  const listed = (text = "") => text.split(",").map((part) => part.trim()).filter(Boolean);

  const withoutMarks = (text) => text.replace(/[ \t]*\[\d+\]/g, "");

  // A draft without its marks and half-written ones.
  const readable = (draft) => withoutMarks(draft.replaceAll("**", "").replace(/\[[^\]]*$/, "")).trim();

  // Return the nodes of a stretch of text, with code and bold words set as such.
  function inline(text) {
    const nodes = [];
    let position = 0;
    for (const found of text.matchAll(MARKUP)) {
      const [whole, code, strong, link] = found;
      nodes.push(text.slice(position, found.index), link || make(code ? "code" : "strong", {}, code || strong));
      position = found.index + whole.length;
    }
    return [...nodes, text.slice(position)];
  }

  // Return text as paragraphs, lists and blocks of code; stretch(start, end) creates the nodes of one stretch.
  function blocks(text, stretch) {
    const made = [];
    let kind = "";
    let code = null;
    let start = 0;
    for (const line of text.split("\n")) {
      const next = FENCE.test(line) || code ? { tag: "", skip: 0 } : lineKind(line);
      const nodes = next.tag ? stretch(start + next.skip, start + line.length) : [];
      if (FENCE.test(line)) {
        if (code) code = null;
        else made.push(make("pre", { dir: "ltr", tabindex: 0 }, (code = make("code"))));
      } else if (code) code.append(code.textContent ? "\n" : "", line);
      else if (!next.tag) kind = "";
      else if (next.tag === "p") {
        if (kind === "p") made.at(-1).append(make("br"), ...nodes);
        else made.push(make("p", { dir: "auto" }, ...nodes));
      } else if (next.tag === "h") made.push(make("p", { dir: "auto" }, make("strong", {}, ...nodes)));
      else {
        if (kind !== next.tag) made.push(make(next.tag));
        made.at(-1).append(make("li", { dir: "auto", value: next.value }, ...nodes));
      }
      kind = next.tag;
      start += line.length + 1;
    }
    return made;
  }

  function lineKind(line) {
    const bullet = BULLET.exec(line);
    const heading = HEADING.exec(line);
    if (!line.trim()) return { tag: "", skip: 0 };
    if (bullet) return { tag: bullet[1] ? "ol" : "ul", skip: bullet[0].length, value: bullet[1] && Number(bullet[1]) };
    return heading ? { tag: "h", skip: heading[0].length } : { tag: "p", skip: 0 };
  }

  // Return the offsets of the sentences without a source.
  function unsupported(answer) {
    const spans = [];
    let position = 0;
    for (const sentence of answer.sentences) {
      const start = answer.answer.indexOf(sentence.text, position);
      if (start < 0) continue;
      position = start + sentence.text.length;
      if (!sentence.citations.length) spans.push([start, position]);
    }
    return spans;
  }

  // Return the draft of an unsure answer with its marks, and its quotes without quotation marks. The introduction is
  // left out: the box has its own.
  function draftAndQuotes({ answer, sentences }) {
    const words = ({ text }) => (answer.includes(`“${text}”`) ? text : /^“([^]*)”$/.exec(text)?.[1]);
    const quotes = sentences.filter(words).map((sentence) => ({ ...sentence, text: words(sentence) }));
    let [first, end] = [-1, 0];
    for (const { text } of sentences.filter((sentence) => !words(sentence))) {
      const start = answer.indexOf(text, end);
      if (start < 0) continue;
      if (first < 0) first = start;
      end = start + text.length;
    }
    if (first < 0) return [quotes.length ? "" : answer, quotes];
    const bullet = /[^\n\p{L}\p{N}]*$/u.exec(answer.slice(0, first))[0];
    return [answer.slice(first - bullet.length, end) + /^(?:[ \t]*\[\d+\])*/.exec(answer.slice(end))[0], quotes];
  }

  // Slice a text by Unicode characters, as the server counts, not by UTF-16 units.
  const slice = (text, start, end) => [...text].slice(start, end).join("");

  function date(iso, language) {
    if (!/^\d{4}-\d\d-\d\d$/.test(iso)) return iso;
    return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(iso));
  }

  // --- the box: questions, answers and the passage behind a mark

  class Box {
    constructor({ texts, language, server, memory, setting, close }) {
      Object.assign(this, { texts, language, server, memory, setting, close });
      this.exchanges = [];
      this.running = null;
      this.opener = null;
      this.log = make("div", { class: "log", tabindex: 0, role: "group", "aria-label": texts.conversation });
      this.said = make("div", { class: "unseen", role: "status" });
      this.passage = make("div", { class: "passage", tabindex: 0, role: "group", hidden: true });
      this.foot = this.makeFoot();
      this.head = this.makeHead();
      this.body = make("div", { class: "body" }, this.log, this.foot, this.passage);
      try {
        this.restore(memory.load());
      } catch {
        this.restore([]); // Stored by another version of this script, or by somebody else.
      }
    }

    get parts() {
      return [this.head, this.body, this.said];
    }

    makeHead() {
      const { texts, setting } = this;
      const picture = setting("brandImageUrl");
      this.title = make("h2", { id: "title" }, setting("assistantName") || texts.title);
      this.anew = iconButton("anew", setting("resetChatText") || texts.anew, () => this.forget());
      const head = make(
        "div",
        { class: "head" },
        picture ? make("img", { src: picture, alt: "" }) : "",
        this.title,
        this.anew,
      );
      if (this.close) head.append(iconButton("close", texts.close, this.close));
      return head;
    }

    makeFoot() {
      const { texts, setting } = this;
      this.question = make("textarea", {
        rows: 1,
        maxlength: 8000,
        dir: "auto",
        "aria-label": texts.question,
        placeholder: setting("sendMessageText") || texts.question,
        keydown: (event) => this.onKey(event),
        input: () => this.fit(),
      });
      this.send = textButton(texts.ask, "strong", () => this.ask(this.question.value));
      this.stop = textButton(texts.stop, "plain-button", () => this.running?.abort());
      this.stop.hidden = true;
      return make("div", { class: "foot" }, this.question, this.send, this.stop);
    }

    onKey(event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.ask(this.question.value);
    }

    // Grow the text box with its content.
    fit() {
      this.question.style.height = "auto";
      this.question.style.height = `${this.question.scrollHeight + 2}px`;
    }

    restore(exchanges) {
      this.exchanges = exchanges;
      this.log.replaceChildren(this.welcome());
      exchanges.forEach((exchange, at) => this.show(exchange, this.append(exchange, at + 1)));
      this.anew.disabled = !exchanges.length;
      this.examples.hidden = exchanges.length > 0;
    }

    welcome() {
      const { texts, setting } = this;
      const examples = listed(setting("defaultMessages"));
      this.list = make("div");
      this.examples = make("ul", { class: "plain examples" });
      for (const text of examples) {
        const button = textButton(text, "", () => this.ask(text));
        this.examples.append(make("li", {}, button));
      }
      const greeting = make("p", { class: "greeting", dir: "auto" }, setting("greeting") || texts.greeting);
      const start = document.createDocumentFragment();
      start.append(greeting, this.examples, this.list);
      return start;
    }

    forget() {
      this.running?.abort();
      this.busy(null);
      this.memory.save([]);
      this.restore([]);
      this.hidePassage();
      this.focus();
    }

    focus() {
      this.question.focus({ preventScroll: true });
    }

    // Read out by screen readers: that the answer has started, and the answer, once.
    say(text) {
      this.said.textContent = text;
    }

    // --- asking

    async ask(question) {
      question = question.trim();
      if (!question || this.running) return;
      this.question.value = "";
      this.fit();
      const exchange = { question, history: this.history() };
      const article = this.append(exchange, this.exchanges.length + 1);
      this.log.scrollTop = article.offsetTop - 8;
      const control = new AbortController();
      this.busy(control);
      this.say(this.texts.searching);
      this.memory.save([...this.exchanges, { ...exchange, stopped: "" }]); // In case the page is closed now.
      await this.follow(exchange, article, control.signal);
      if (this.running !== control) return; // A new conversation was started meanwhile.
      this.busy(null);
      this.exchanges.push(exchange);
      this.memory.save(this.exchanges);
      this.show(exchange, article);
      this.say(this.summary(exchange));
    }

    busy(control) {
      const hadFocus = this.stop.matches(":focus") || this.send.matches(":focus");
      this.running = control;
      this.send.hidden = Boolean(control);
      this.stop.hidden = !control;
      this.anew.disabled = false;
      this.examples.hidden = true;
      if (hadFocus) (control ? this.stop : this.question).focus();
    }

    // Show the progress of a question and store its result in the exchange.
    async follow(exchange, article, signal) {
      const progress = new Progress(this.texts);
      article.lastChild.replaceChildren(progress.found, progress.draft, progress.line);
      try {
        const { question, history } = exchange;
        const collections = listed(this.setting("collection"));
        const asked = { question, history, ...(collections.length ? { collections } : {}) };
        for await (const [name, data] of this.server.ask(asked, signal)) {
          if (name === "phase") progress.phase(data);
          else if (name === "quote") this.say(progress.quote(data));
          else if (name === "token") progress.token(data.text);
          else if (name === "error") throw new Problem(data.error, data.message);
          else if (name === "answer") {
            exchange.answer = data;
            return;
          }
        }
      } catch (error) {
        if (signal.aborted) exchange.stopped = readable(progress.text);
        else exchange.problem = this.explain(error);
      } finally {
        progress.end();
      }
    }

    explain(error) {
      const known = error instanceof Problem ? this.texts[error.word] : this.texts.internal;
      return known || error.message || this.texts.internal;
    }

    // The answered turns, oldest first, in the API's format.
    history() {
      return this.exchanges
        .filter((exchange) => exchange.answer)
        .flatMap(({ question, answer }) => [
          { role: "user", content: question },
          { role: "assistant", content: answer.answer },
        ])
        .slice(-TURNS);
    }

    summary({ answer, problem }) {
      if (problem) return problem;
      if (!answer) return this.texts.stopped;
      const count = answer.citations.length;
      return `${this.words(answer)} ${count ? this.texts.sources(count) : ""}`;
    }

    words(answer) {
      if (answer.status !== "unsure") return withoutMarks(answer.answer);
      const [draft, quotes] = draftAndQuotes(answer);
      const parts = [withoutMarks(draft), ...quotes.map(({ text }) => `“${text}”`)].filter(Boolean);
      return `${this.texts.unsure}: ${parts.join(" ")}`;
    }

    // --- showing an exchange

    append({ question }, number) {
      const { texts } = this;
      const heading = make(
        "h3",
        { class: "question", dir: "auto" },
        make("span", { class: "unseen" }, `${texts.asked} `),
        question,
      );
      const article = make(
        "article",
        { class: "exchange", "aria-label": texts.number({ number }) },
        heading,
        make("div", { class: "reply" }),
      );
      this.list.append(article);
      return article;
    }

    show(exchange, article) {
      article.lastChild.replaceChildren(...this.reply(exchange, article));
    }

    reply(exchange, article) {
      if (exchange.problem) return this.failed(exchange, article);
      if (!exchange.answer) return this.stopped(exchange.stopped);
      const { answer } = exchange;
      const show = { unsure: this.unsure, abstained: this.abstention }[answer.status] || this.cited;
      const parts = show.call(this, answer);
      const query = answer.query ? [`${this.texts.query} ${answer.query}`] : [];
      const notes = [...query, ...answer.notes].map((note) => make("p", { class: "note", dir: "auto" }, note));
      return [...parts, ...notes, this.opinion(exchange)];
    }

    stopped(draft) {
      const { texts } = this;
      if (!draft) return [make("p", { class: "note" }, texts.stopped_early)];
      return [make("div", { class: "text draft" }, ...plainBlocks(draft)), make("p", { class: "note" }, texts.stopped)];
    }

    failed(exchange, article) {
      const { texts } = this;
      const again = textButton(texts.again, "plain-button retry", () => {
        if (this.running) return;
        this.exchanges = this.exchanges.filter((other) => other !== exchange);
        article.remove();
        this.ask(exchange.question);
        this.focus();
      });
      return [this.calm(texts.failed, exchange.problem, again)];
    }

    calm(heading, text, ...more) {
      const words = text ? make("p", { dir: "auto" }, text) : "";
      return make("div", { class: "calm" }, make("h4", {}, heading), words, this.person(), ...more);
    }

    // If there is no answer, show the contact that the page names.
    person() {
      const address = this.setting("supportEmail");
      if (!address) return "";
      return make(
        "p",
        {},
        `${this.texts.support} `,
        make("a", { href: `mailto:${encodeURIComponent(address)}` }, address),
      );
    }

    abstention(answer) {
      const reason = answer.answer.replace(/^[^.]*\.\s*/, "");
      const list = make("ul", { class: "plain" });
      const nearest = make("div", { class: "sources", hidden: true }, make("h4", {}, this.texts.nearest), list);
      this.fillNearest(nearest, list, answer.evidence);
      return [this.calm(this.texts.abstained, reason), nearest];
    }

    async fillNearest(nearest, list, evidence) {
      const found = await Promise.allSettled(evidence.map((span) => this.server.passage(span, 0)));
      for (const passage of found.filter(({ value }) => value).map(({ value }) => value)) {
        const click = (event) => this.open(passage, event.currentTarget);
        const title = make("span", { class: "title", dir: "auto" }, passage.title || passage.document);
        const excerpt = make("span", { class: "excerpt", dir: "auto" }, passage.quote);
        list.append(make("li", {}, make("button", { type: "button", class: "nearest", click }, title, excerpt)));
        nearest.hidden = false;
      }
    }

    cited(answer) {
      return [this.answerOf("", ...this.sentences(answer)), this.sources(answer)];
    }

    unsure(answer) {
      const { texts } = this;
      const [draft, quotes] = draftAndQuotes(answer);
      const head = [make("h4", {}, texts.unsure), make("p", { class: "small" }, texts.outright)];
      const text = this.sentences({ ...answer, answer: draft });
      const list = quotes.length ? [make("ul", {}, ...quotes.map((quote) => this.quoted(quote, answer)))] : [];
      return [this.answerOf("unsure", ...head, ...text, ...list), this.sources(answer)];
    }

    answerOf(name, ...nodes) {
      const tinted = this.setting("assistantBgColor") ? "tinted" : "";
      return make("div", { class: `text answer ${name} ${tinted}` }, ...nodes);
    }

    quoted({ text, citations }, answer) {
      const words = `“${text}”`;
      const last = words.search(MARKUP) < 0 ? /\S*$/.exec(words)[0] : "”";
      const marks = answer.citations.filter(({ mark }) => citations.includes(mark)).map((each) => this.mark(each));
      const end = make("span", { class: last.length < 25 ? "together" : "" }, make("span", { class: "words" }, last), ...marks);
      return make("li", { dir: "auto" }, make("span", { class: "words" }, ...inline(words.slice(0, -last.length))), end);
    }

    // The text of an answer, with its marks.
    sentences(answer) {
      const citations = new Map(answer.citations.map((citation) => [citation.mark, citation]));
      const weak = unsupported(answer);
      const stretch = (start, end) => {
        const cuts = [start, end, ...weak.flat().map((cut) => Math.min(Math.max(cut, start), end))];
        const sorted = [...new Set(cuts)].sort((a, b) => a - b);
        return sorted.slice(1).flatMap((cut, at) => this.piece(answer.answer, sorted[at], cut, weak, citations));
      };
      return blocks(answer.answer, stretch);
    }

    piece(text, start, end, weak, citations) {
      const nodes = this.marked(text.slice(start, end), citations);
      if (!weak.some(([first, last]) => first <= start && end <= last)) return nodes;
      return [make("span", { class: "weak" }, ...nodes), make("span", { class: "small" }, this.texts.weak)];
    }

    // Return text with a button for each mark that has a source, kept on the line of its word.
    marked(text, citations) {
      const nodes = [];
      let position = 0;
      for (const found of text.matchAll(MARKS)) {
        const marks = found[2].match(/\d+/g).map(Number);
        if (!marks.every((mark) => citations.has(mark))) continue;
        const together = found[1].length < 25 ? "together" : "";
        nodes.push(...inline(text.slice(position, found.index)));
        nodes.push(make("span", { class: together }, ...inline(found[1]), ...marks.map((mark) => this.mark(citations.get(mark)))));
        position = found.index + found[0].length;
      }
      return [...nodes, ...inline(text.slice(position))];
    }

    mark(citation) {
      const label = this.texts.source({ mark: citation.mark, title: citation.title || citation.document });
      const click = (event) => this.open(citation, event.currentTarget);
      return make(
        "button",
        { type: "button", class: "mark", "aria-label": label, title: citation.quote, click },
        String(citation.mark),
      );
    }

    // One line per document, with its marks.
    sources(answer) {
      const lines = [...byDocument(answer.citations).values()].map((citations) => this.sourceLine(citations));
      if (!lines.length) return "";
      const heading = make("h4", {}, this.texts.sources(answer.citations.length));
      return make("div", { class: "sources" }, heading, make("ul", { class: "plain" }, ...lines));
    }

    sourceLine(citations) {
      const marks = make("span", { class: "marks" }, citations.map((citation) => citation.mark).join(", "));
      const title = make("span", { class: "title", dir: "auto" }, citations[0].title || citations[0].document);
      const click = (event) => this.open(citations[0], event.currentTarget);
      return make("li", {}, make("button", { type: "button", click }, marks, title));
    }

    // --- the passage behind a mark

    async open(span, opener) {
      const { texts } = this;
      this.opener = opener;
      const back = textButton(texts.back, "", () => this.hidePassage());
      back.prepend(icon("back"));
      const heading = make("h3", { tabindex: -1, dir: "auto" }, span.title || span.document);
      const place = make("div", {}, make("p", { class: "small" }, texts.loading));
      this.passage.replaceChildren(make("div", { class: "back" }, back), heading, place);
      this.passage.setAttribute("aria-label", heading.textContent);
      this.showPassage(true);
      heading.focus({ preventScroll: true });
      const nodes = await this.server.passage(span, AROUND).then(
        (passage) => this.passageNodes(passage, span),
        () => [this.gone()],
      );
      place.replaceChildren(...nodes);
      this.scrollToMark();
    }

    gone() {
      return make("p", { class: "calm" }, this.texts.gone);
    }

    passageNodes(passage, { quote }) {
      const { texts } = this;
      const where = [date(passage.date || "", this.language), passage.page ? texts.page({ page: passage.page }) : ""].filter(
        Boolean,
      );
      const link = this.readerLink(passage, texts.open);
      const newest = { document: passage.newest_version, start: 0, end: 0 };
      const older = newest.document ? [this.readerLink(newest, texts.older({ title: passage.newest_title }))] : [];
      const changed = quote !== undefined && quote !== passage.quote;
      const text = changed ? this.kept(quote) : [quotation(passage)];
      return [
        make("p", { class: "small where" }, where.join(" · ")),
        ...older.map((newer) => make("p", { class: "small" }, newer)),
        ...text,
        make("p", {}, link),
      ];
    }

    readerLink(span, text) {
      const target = { href: this.server.reading(span), target: "_blank", rel: "noopener noreferrer" };
      return make("a", target, text, make("span", { class: "unseen" }, this.texts.new_tab));
    }

    kept(quote) {
      return [
        make("p", { class: "calm" }, this.texts.changed),
        make("blockquote", { dir: "auto" }, make("mark", {}, quote)),
      ];
    }

    // Only scroll inside the box, never the page around it.
    scrollToMark() {
      const mark = this.passage.querySelector("mark");
      if (mark) this.passage.scrollTop = mark.offsetTop - this.passage.clientHeight / 3;
    }

    showPassage(shown) {
      this.passage.hidden = !shown;
      this.log.inert = this.foot.inert = shown;
    }

    // Return whether there was something to hide.
    hidePassage() {
      if (this.passage.hidden) return false;
      this.showPassage(false);
      if (this.opener?.isConnected) this.opener.focus();
      else this.focus();
      return true;
    }

    // --- feedback

    opinion(exchange) {
      const { texts } = this;
      if (exchange.said) return make("p", { class: "note" }, texts.thanks);
      const row = make("div", { class: "opinion", role: "group", "aria-label": texts.opinion });
      const up = iconButton("up", texts.up, () => this.tell(exchange, row, { kind: "up" }));
      const down = iconButton("up", texts.down, () => this.complain(exchange, row, down), "down");
      row.append(make("span", { class: "small" }, texts.opinion), up, down);
      return row;
    }

    complain(exchange, row, opener) {
      const open = row.querySelector("fieldset");
      if (open) return open.remove();
      const send = (said) => this.tell(exchange, row, said);
      const cancel = () => {
        form.remove();
        opener.focus();
      };
      const form = this.complaint(exchange.answer.status, send, cancel);
      row.append(form);
      this.reveal(form);
      return form.querySelector("input").focus({ preventScroll: true });
    }

    complaint(status, send, cancel) {
      const { texts } = this;
      const right = make("textarea", { rows: 2, maxlength: 8000, dir: "auto" });
      const say = () => send({ kind: form.querySelector("input:checked").value, right_answer: right.value.trim() });
      const form = make(
        "fieldset",
        { class: "complaint" },
        make("legend", {}, texts.what),
        ...this.choices(COMPLAINTS[status] || COMPLAINTS.answered),
        make("label", { class: "column" }, texts.right_answer, right),
        make(
          "div",
          { class: "buttons" },
          textButton(texts.send, "strong", say),
          textButton(texts.cancel, "plain-button", cancel),
        ),
      );
      return form;
    }

    // The first is preselected; the last, a plain thumbs down, covers everything else.
    choices(kinds) {
      const radio = (value) => make("input", { type: "radio", name: "kind", value, checked: value === kinds[0] });
      const label = (kind) => this.texts[kind === "down" ? "down_other" : kind];
      return [...kinds, "down"].map((kind) => make("label", {}, radio(kind), label(kind)));
    }

    // Scroll until the whole element is visible.
    reveal(element) {
      const hidden = element.getBoundingClientRect().bottom + 12 - this.foot.getBoundingClientRect().top;
      this.log.scrollTop += Math.max(0, hidden);
    }

    async tell(exchange, row, said) {
      const buttons = row.querySelectorAll("button");
      buttons.forEach((button) => (button.disabled = true));
      try {
        await this.server.post("/api/feedback", report(exchange, said));
      } catch (error) {
        buttons.forEach((button) => (button.disabled = false));
        row.querySelector(".note")?.remove();
        row.append(make("p", { class: "note" }, this.explain(error)));
        return this.say(this.explain(error));
      }
      exchange.said = said.kind;
      this.memory.save(this.exchanges);
      return this.thank(exchange, row);
    }

    thank(exchange, row) {
      const thanks = this.opinion(exchange);
      thanks.tabIndex = -1;
      row.replaceWith(thanks);
      thanks.focus({ preventScroll: true });
      this.say(this.texts.thanks);
    }
  }

  // Feedback in the API's format: with the cited spans, without their text.
  function report({ question, history, answer }, said) {
    const { id, status, answer: text } = answer;
    const citations = answer.citations.map(({ document, start, end }) => ({ document, start, end }));
    return { ...said, question, history, answer: { id, status, answer: text, citations } };
  }

  // An answer in progress: the current step, the time, and the draft, which has not been checked.
  class Progress {
    constructor(texts) {
      this.texts = texts;
      this.text = "";
      this.found = make("p", { class: "found", hidden: true });
      this.draft = make("div", { class: "text draft", role: "group", "aria-label": texts.draft, hidden: true });
      this.activity = make("span", {}, texts.starting);
      this.elapsed = make("span");
      this.line = make("p", { class: "activity" }, make("span", {}, this.activity, this.elapsed));
      this.since = Date.now();
      this.clock = setInterval(() => this.tick(), 1000);
    }

    tick() {
      const seconds = Math.round((Date.now() - this.since) / 1000);
      if (seconds > 1) this.elapsed.textContent = ` · ${seconds} s`;
    }

    phase({ name, position, wait_s: wait }) {
      const { texts } = this;
      if (name !== "waiting") this.activity.textContent = texts[name] || texts.starting;
      else if (position)
        this.activity.textContent = texts.waiting(position) + (wait ? texts.about({ seconds: Math.max(1, Math.round(wait)) }) : "");
    }

    // Show the sentence that the answer is based on; return the text for screen readers.
    quote({ document, title, quote }) {
      const where = this.texts.found({ title: title || document });
      this.found.replaceChildren(make("span", { class: "small" }, where), " ", make("q", { dir: "auto" }, quote));
      this.found.hidden = false;
      return `${where} “${quote}”`;
    }

    token(text) {
      this.text += text;
      const draft = readable(this.text);
      this.draft.hidden = !draft;
      this.draft.replaceChildren(...plainBlocks(draft));
    }

    end() {
      clearInterval(this.clock);
    }
  }

  const plainBlocks = (text) => blocks(text, (start, end) => inline(text.slice(start, end)));

  function byDocument(citations) {
    const found = new Map();
    for (const citation of citations) found.set(citation.document, [...(found.get(citation.document) || []), citation]);
    return found;
  }

  // The span in its document, highlighted.
  function quotation(passage) {
    const { text, start, end, text_start: first, text_end: last, quote, characters } = passage;
    const before = slice(text, 0, start - first).replace(first ? /^\S*\s+/ : "", first ? "… " : "");
    const after = slice(text, end - first).replace(last < characters ? /\s+\S*$/ : "", last < characters ? " …" : "");
    return make(
      "blockquote",
      { dir: "auto" },
      make("span", { class: "around" }, before),
      make("mark", {}, quote),
      make("span", { class: "around" }, after),
    );
  }

  // --- the element

  const script = document.currentScript;
  // The base URL of this script, where the API is unless data-base-api-url says otherwise.
  const home = script?.src ? new URL(".", script.src).href : document.baseURI;

  class FootnoteWidget extends HTMLElement {
    // A function that returns a short-lived user token, or a promise of one.
    tokenProvider = null;

    connectedCallback() {
      if (!("placed" in this.dataset)) placed()?.remove(); // The page has a box of its own now.
      if (this.shadowRoot) return this.appear(this.isOpen);
      const language = this.language();
      this.attachShadow({ mode: "open" });
      if (!TRANSLATED.includes(language.slice(0, 2))) return this.build(ENGLISH, language);
      return fetch(`${this.base()}/widget/${language.slice(0, 2)}.json`)
        .then((response) => (response.ok ? response.json() : Promise.reject()))
        .then(
          (table) => this.build(table, language),
          () => this.build(ENGLISH, "en"),
        );
    }

    appear(open) {
      if (!this.launcher || !this.isConnected) return; // It may have been removed while its texts were on their way.
      this.panel.close?.(); // Taken out of the page, a dialog says that it is still open.
      this.launcher.showPopover();
      if (open) this.open(false);
    }

    // An application that moves the element takes it out and puts it back at once: that is not going away.
    disconnectedCallback() {
      setTimeout(() => {
        if (this.isConnected) return;
        this.box?.running?.abort();
        if (!("placed" in this.dataset)) place();
      });
    }

    connectedMoveCallback() {} // By moveBefore(): everything stays as it is.

    // Attributes that the element lacks come from the script tag.
    setting(name) {
      return this.dataset[name] ?? script?.dataset[name];
    }

    build(table, language) {
      const texts = speaking(table);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(LOOKS);
      this.shadowRoot.adoptedStyleSheets = [sheet];
      const place = this.setting("position") || "bottom-end";
      this.root = make("div", { class: "root", lang: language, "data-theme": this.setting("theme"), "data-at": place });
      this.box = this.makeBox(texts, language);
      this.panel = this.makePanel();
      if (this.isLauncher) this.root.append((this.launcher = this.makeLauncher(texts)));
      this.root.append(this.panel);
      this.shadowRoot.append(this.root);
      this.colour();
      this.listen();
      this.appear(this.setting("openOnLoad") === "on");
    }

    get isLauncher() {
      return this.dataset.mode === "launcher";
    }

    makeBox(texts, language) {
      const server = new Server(this.base(), () => this.token());
      const memory = new Memory(this.memoryKey());
      const setting = (name) => this.setting(name);
      const close = this.isLauncher && (() => this.close());
      return new Box({ texts, language, server, memory, setting, close });
    }

    makePanel() {
      const [tag, popover] = this.isLauncher ? ["dialog", "manual"] : ["section", false];
      return make(tag, { class: "panel", "aria-labelledby": "title", popover }, ...this.box.parts);
    }

    language() {
      const wanted =
        this.setting("language") || this.closest("[lang]")?.lang || document.documentElement.lang || navigator.language;
      const code = wanted.slice(0, 2).toLowerCase();
      const known = TRANSLATED.includes(code) ? code : "en";
      return navigator.language.startsWith(known) ? navigator.language : known; // en-GB if the page says en.
    }

    base() {
      const url = new URL(this.setting("baseApiUrl") || home, document.baseURI);
      if (!/^https?:$/.test(url.protocol))
        throw new TypeError(`footnote-widget: "${url}" is not the address of a server`);
      return url.href.replace(/\/+$/, "");
    }

    async token() {
      const provider = this.tokenProvider || window[this.setting("tokenProvider")];
      if (typeof provider !== "function") return "";
      try {
        return await provider();
      } catch {
        throw new Problem("token_refused");
      }
    }

    // A launcher keeps one conversation on all pages of a site; an inline box has its own.
    memoryKey() {
      const mode = this.isLauncher ? "launcher" : location.pathname;
      const alike = [...document.querySelectorAll("footnote-widget")].filter(
        (other) => other.dataset.mode === this.dataset.mode,
      );
      return ["footnote", this.base(), mode, this.id || alike.indexOf(this)].join(" ");
    }

    makeLauncher(texts) {
      const name = this.setting("assistantName") || texts.title;
      const shape = this.setting("chatIcon");
      const button = make(
        "button",
        { type: "button", "aria-haspopup": "dialog", click: () => this.open() },
        icon(shape in ICONS ? shape : "chatBubble"),
        name,
      );
      return make("div", { class: "launcher", popover: "manual", role: "region", "aria-label": name }, button);
    }

    // Colours and sizes from the attributes; text on a colour is black or white, whichever is easier to read.
    colour() {
      const { style } = this.root;
      for (const [name, property] of [
        ["buttonColor", "button"],
        ["userBgColor", "user"],
        ["assistantBgColor", "assistant"],
        ["topHeaderBgColor", "head"],
      ]) {
        const value = this.setting(name);
        if (!value || !CSS.supports("color", value)) continue;
        style.setProperty(`--${property}`, value);
        style.setProperty(`--on-${property}`, readableOn(value, this.root));
      }
      const size = (name) =>
        /^\d+(\.\d+)?$/.test(this.setting(name)) ? `${this.setting(name)}px` : this.setting(name);
      if (size("textSize")) style.fontSize = size("textSize");
      if (size("windowWidth")) style.setProperty("--footnote-width", size("windowWidth"));
      if (size("windowHeight")) style.setProperty("--footnote-height", size("windowHeight"));
    }

    listen() {
      this.panel.addEventListener("keydown", (event) => event.key === "Escape" && this.onEscape(event));
      this.panel.addEventListener("cancel", (event) => this.onEscape(event));
      // The page can't see that this is a text box: keep its keyboard shortcuts from firing.
      for (const type of ["keydown", "keypress", "keyup"])
        this.root.addEventListener(type, (event) => event.stopPropagation());
    }

    onEscape(event) {
      event.preventDefault();
      if (!this.box.hidePassage()) this.close();
    }

    // On a narrow screen the panel covers the page: make the page behind it inert.
    open(takeFocus = true) {
      if (!this.launcher || this.panel.matches(":popover-open, [open]")) return;
      this.isOpen = true;
      this.launcher.hidePopover();
      if (matchMedia(NARROW).matches) this.panel.showModal();
      else this.panel.showPopover();
      if (!takeFocus) this.shadowRoot.activeElement?.blur();
      else if (matchMedia("(pointer: coarse)").matches)
        this.box.log.focus(); // Keep the on-screen keyboard from covering the greeting.
      else this.box.focus();
    }

    close() {
      if (!this.launcher || !this.panel.matches(":popover-open, [open]")) return;
      this.isOpen = false;
      if (this.panel.open) this.panel.close();
      else this.panel.hidePopover();
      this.launcher.showPopover();
      this.launcher.firstChild.focus();
    }
  }

  // Return black or white, whichever contrasts more with a color: at least 4.6 (WCAG 2, 1.4.3).
  function readableOn(color, element) {
    element.style.color = color;
    const [red, green, blue] = (getComputedStyle(element).color.match(/[\d.]+/g) || []).map((value) =>
      linear(value / 255),
    );
    element.style.color = "";
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
  }

  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

  // The button that a script tag added.
  const placed = () => document.querySelector("footnote-widget[data-placed][data-mode=launcher]");

  // The script tag adds a launcher (or, with data-mode="inline", a box in its place) unless the page contains the
  // element. Run twice, it still adds one.
  function place() {
    if (!script || document.querySelector("footnote-widget:not([data-placed])")) return;
    const { mode = "launcher" } = script.dataset;
    if (mode === "launcher" ? placed() : script.nextElementSibling?.localName === "footnote-widget") return;
    const { dir } = document.body || {};
    const element = make("footnote-widget", { "data-placed": true, dir: dir || false });
    Object.assign(element.dataset, script.dataset, { mode, baseApiUrl: script.dataset.baseApiUrl || home });
    if (mode === "inline" && script.closest("body")) script.after(element);
    // Beside the body: applications replace the body or its content, and a body of frames shows nothing else.
    else document.documentElement.append(element);
  }

  if (!customElements.get("footnote-widget")) customElements.define("footnote-widget", FootnoteWidget);
  if (script && document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else if (script) place();
})();
