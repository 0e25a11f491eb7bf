// The watched folders: their state, asked for every few seconds, and two buttons each. `value` is JSON from
// ui/pages/watched.py: the texts. The state comes from ui/watched.py.
const LOOK = 3000;
let words = {};
let watched = [];

async function load() {
  if (!element.isConnected) return;
  let none = false;
  try {
    const reply = document.hidden ? null : await fetch("api/watched");
    if (reply?.ok) {
      watched = (await reply.json()).watched;
      none = !watched.length;
      draw();
    }
  } catch {
    // The server is away for a moment; the next look shows it.
  }
  if (none) return; // Nothing is watched by this server.
  setTimeout(load, watched.some((one) => one.pending) ? LOOK / 3 : LOOK);
}

// Rows are changed in place: focus and what was opened stay.
function draw() {
  part("section").hidden = !watched.length;
  const list = part(".watched-list");
  while (list.children.length > watched.length) list.lastChild.remove();
  watched.forEach((one, number) => {
    const row = list.children[number] || list.appendChild(made(number));
    row.querySelector(".title").textContent = one.label;
    row.querySelector(".watched-state").textContent = stateOf(one);
    row.querySelector(".watched-problem").textContent = one.problem;
    for (const [name, text] of Object.entries({ again: words.again, stop: words.stop })) {
      const press = row.querySelector(`.${name}`);
      press.textContent = text;
      press.setAttribute("aria-label", `${text}: ${one.label}`);
    }
    row.querySelector(".stop").hidden = one.stopped || !one.pending;
    failures(row.querySelector("details"), Object.entries(one.failures));
  });
}

function made(number) {
  const row = make("li");
  const details = make("details");
  details.append(make("summary"), make("ul"));
  const buttons = make("p", "", "watched-buttons");
  buttons.append(button("", () => act(number, "again", words.asked), "plain again"), " ");
  buttons.append(button("", () => act(number, "stop", words.ended), "plain stop"));
  row.append(make("h3", "", "title"), make("p", "", "watched-state"), make("p", "", "watched-problem"), details, buttons);
  return row;
}

function stateOf(one) {
  const parts = [];
  if (one.pending) parts.push(counted(words, "pending", one.pending));
  else if (!one.problem) parts.push(words.done);
  if (one.pages) parts.push(counted(words, "pages", one.pages));
  if (one.left) parts.push(fill(words.left, { time: duration(one.left) }));
  if (one.stopped) parts.push(words.stopped);
  parts.push(one.last ? fill(words.last, { time: momentOf(words, one.last) }) : words.never);
  return parts.join(" · ");
}

function duration(seconds) {
  const [key, count] = seconds < 90 ? ["seconds", Math.ceil(seconds)] : ["minutes", Math.round(seconds / 60)];
  return fill(words[key], { count: count.toLocaleString(words.language) });
}

function failures(details, failed) {
  details.hidden = !failed.length;
  details.querySelector("summary").textContent = counted(words, "failed", failed.length);
  details.querySelector("ul").replaceChildren(
    ...failed.map(([name, reason]) => {
      const item = make("li");
      item.append(make("bdi", name), ` ${reason}`);
      return item;
    }),
  );
}

async function act(number, what, said) {
  const reply = await fetch(`api/watched/${number}/${what}`, { method: "POST", headers: headers() });
  const tell = (text) => (part(".watched-said").textContent = text);
  if (reply.ok) return tell(fill(said, { name: watched[number].label }));
  tell((await reply.json()).message);
  if (reply.status === 401 || reply.status === 403) askForToken(words, () => tell(words.token_kept));
}

function label() {
  if (!props.value) return;
  words = JSON.parse(props.value);
  part(".watched-head").textContent = words.title;
  draw();
}

watch("value", label);
label();
load();
