// Below the last answer: what may be asked next, and the word that the question may mean. They come from ui/suggested.py when
// the answer is complete, and do not delay it. Shares a scope with conversation.js.
const kept = (article) => article?.querySelector(".opinion")?.dataset.kept || "";

async function suggest() {
  const article = list.lastElementChild;
  const id = kept(article);
  if (!id || article.querySelector(".suggestions")) return;
  const before = [...list.children].slice(0, -1).map(kept).filter(Boolean);
  const found = await server.suggest({ kept: id, before }).catch(() => null);
  if (!found || article !== list.lastElementChild || kept(article) !== id || article.querySelector(".suggestions")) return;
  const place = make("div", "", "suggestions");
  if (found.meant) place.append(asks(fill(words.suggestions.meant, { word: found.meant[0] }), found.meant[1], "meant"));
  if (found.questions.length) {
    const rows = found.questions.map((question) => {
      const row = make("li");
      row.append(asks(question, question, "example"));
      return row;
    });
    const examples = make("ul", "", "examples");
    examples.append(...rows);
    place.append(make("h3", words.suggestions.next, "label"), examples);
  }
  if (place.children.length) article.append(place);
}

function asks(text, question, name) {
  return button(text, () => tell("ask", { question, at: 0, keep: false }), name);
}

addEventListener("footnote:turns", suggest);
addEventListener("footnote:shown", suggest);
