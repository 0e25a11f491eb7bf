// Upload chosen or dropped files one after the other, each with its progress. Shares a scope with documents.js, which shows
// the list afterwards.
const arrivals = part(".arrivals");
let queue = Promise.resolve();

function arrived(name, { state, text, share }) {
  let row = [...arrivals.children].find((each) => each.dataset.name === name);
  if (!row) {
    row = make("li");
    row.dataset.name = name;
    row.append(make("span", name, "arrival-name"), make("progress"), make("span", "", "arrival-text"));
    row.querySelector("progress").setAttribute("aria-label", name);
    const end = button(words.cancel, () => cancel(name), "link");
    end.setAttribute("aria-label", `${words.cancel} ${name}`);
    row.append(end);
    arrivals.append(row);
  }
  row.className = state;
  row.querySelector(".arrival-text").textContent = text;
  const bar = row.querySelector("progress");
  bar.hidden = row.querySelector("button").hidden = state !== "coming";
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = share;
}

function take(files) {
  const into = part(".into input").value.trim().replace(/^\/+|\/+$/g, "");
  const plain = files.filter(({ name }) => !name.split("/").some((piece) => piece.startsWith(".")));
  const wanted = plain.map(({ name, file }) => ({ name: into ? `${into}/${name}` : name, file }));
  for (const { name } of wanted) {
    coming.set(name, new AbortController());
    arrived(name, { state: "coming", text: words.waiting, share: 0 });
  }
  for (const { name, file } of wanted) queue = queue.then(() => send(name, file));
  queue = queue.then(load);
}

// A cancelled upload closes its connection; the server then undoes it.
const coming = new Map();

function cancel(name) {
  coming.get(name)?.abort();
  arrived(name, { state: "failed", text: words.cancelled });
  say(`${name}: ${words.cancelled}`);
}

async function send(name, file) {
  const ending = coming.get(name);
  if (ending.signal.aborted) return;
  const body = new FormData();
  body.append("file", file, name);
  arrived(name, { state: "coming", text: words.sending });
  try {
    const reply = await fetch("api/documents", {
      method: "POST",
      body,
      signal: ending.signal,
      headers: { ...headers(), Accept: "text/event-stream" },
    });
    if (!reply.ok) {
      refused(reply.status);
      arrived(name, { state: "failed", text: (await reply.json()).message });
      return;
    }
    let last = "";
    for await (const [event, data] of events(reply.body)) show(name, (last = event), data);
    if (last === "progress") throw new Error(last);
  } catch {
    if (!ending.signal.aborted) arrived(name, { state: "failed", text: words.broken });
  }
}

function show(name, event, data) {
  if (event === "progress") {
    const reading = data.step === "embed" && data.total;
    const text = reading ? fill(words.reading, { done: data.done, total: data.total }) : words.sending;
    arrived(name, { state: "coming", text, share: reading ? data.done / data.total : undefined });
  } else if (event === "error") {
    arrived(name, { state: "failed", text: data.message });
    say(data.message);
  } else {
    const notes = [words[data.change]];
    if (data.empty_pages.length) notes.push(fill(words.empty_pages, { name: "", pages: data.empty_pages.join(", ") }));
    if (data.same_as) notes.push(fill(words.duplicate, { name: "", other: data.same_as }));
    arrived(name, { state: "done", text: notes.join("; ").replace(/\s+/g, " ") });
    say(`${name}: ${words[data.change]}`);
  }
}

// Read server-sent events from the body of a response.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const name = /^event: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (name && data) yield [name, JSON.parse(data)];
    }
  }
}

async function* within(entry, path = "") {
  if (entry.isFile) {
    yield { name: path + entry.name, file: await new Promise((done, failed) => entry.file(done, failed)) };
  } else {
    const reader = entry.createReader();
    for (;;) {
      const entries = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!entries.length) return;
      for (const inner of entries) yield* within(inner, `${path}${entry.name}/`);
    }
  }
}

const target = part(".drop");
target.addEventListener("dragover", (event) => {
  event.preventDefault();
  target.classList.add("over");
});
target.addEventListener("dragleave", () => target.classList.remove("over"));
target.addEventListener("drop", async (event) => {
  event.preventDefault();
  target.classList.remove("over");
  const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry()).filter(Boolean);
  const files = [];
  for (const entry of entries) for await (const file of within(entry)) files.push(file);
  take(files);
});
for (const [pick, field] of [[".pick-files", ".files"], [".pick-folder", ".folder"]]) {
  part(pick).addEventListener("click", () => part(field).click());
  part(field).addEventListener("change", (event) => {
    take([...event.target.files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
    event.target.value = "";
  });
}
