// Shared by the scripts of all pages; ui/pages/frame.py puts it in front of each, in the same scope. Texts only ever
// become text nodes.
const part = (name) => element.querySelector(name);

function make(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

function button(text, act, name = "") {
  const made = make("button", text, name);
  made.type = "button";
  if (act) made.addEventListener("click", act);
  return made;
}

// A button that asks for confirmation on the first press and acts on the second.
function careful(text, sure, act, what = "") {
  const made = button(text, press, "link");
  const label = (words) => {
    made.textContent = words;
    if (what) made.setAttribute("aria-label", `${words} ${what}`);
  };
  function press() {
    if (made.textContent === sure) return act();
    label(sure);
    made.addEventListener("blur", () => label(text), { once: true });
  }
  label(text);
  return made;
}

// A link that opens a document in a new tab; `words` are the texts of the page.
function readerLink(text, address, name = "") {
  const link = make("a", text, name);
  link.href = address;
  link.target = "_blank";
  link.rel = "noopener";
  link.dir = "auto";
  link.append(make("span", ` ${words.opens_tab}`, "hidden"));
  return link;
}

// Let screen readers say a text, even if it is the same as before.
function speak(place, text) {
  place.textContent = "";
  setTimeout(() => (place.textContent = text), 50);
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

const FORMS = { 0: "zero", 1: "one", 2: "two", 3: "few", 6: "many" };

// The text of `key` for a count, as in ui/texts.py.
function counted(words, key, number) {
  const text = words[`${key}.${FORMS[number]}`] || words[`${key}.other`];
  return fill(text, { count: number.toLocaleString(words.language) });
}

// An ISO 8601 date as the server writes it (ui/texts.py); anything else unchanged.
function dated(words, date) {
  const [, year, month, day] = /^(\d{4})-(\d\d)(?:-(\d\d))?/.exec(date) || [];
  const name = words.months.split(" ")[month - 1];
  return name ? fill(words[day ? "date.day" : "date.month"], { day: Number(day), month: name, year }) : date;
}

// The day of a moment where the reader is, as an ISO 8601 date.
function dayOf(moment) {
  const day = new Date(moment);
  const two = (number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

// A moment as a date and a time of 24 hours, as all five languages write it.
function momentOf(words, moment) {
  const time = new Date(moment).toLocaleTimeString(words.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return `${dated(words, dayOf(moment))}, ${time}`;
}

// --- the admin token, kept until the tab is closed

const TOKEN = "footnote.token";

function headers() {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function askForToken(words, then) {
  const form = part(".token");
  form.querySelector(".token-label").textContent = words.token;
  form.querySelector("button").textContent = words.token_keep;
  form.onsubmit = (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, form.querySelector("input").value);
    form.hidden = true;
    then();
  };
  form.hidden = false;
  form.querySelector("input").focus();
}
