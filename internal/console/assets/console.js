// What pages do beyond links and forms: copy a text, and find a table by its name. Each
// works only where an element asks for it, and all pages work without.
"use strict";

// select puts a text where a browser without a clipboard for scripts can copy it.
function viaSelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return viaSelection(text);
  }
}

const said = document.createElement("p"); // is read aloud
said.className = "unseen";
said.setAttribute("role", "status");
document.body.append(said);

for (const button of document.querySelectorAll("[data-copy]")) {
  const name = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copy(button.dataset.copy);
    button.textContent = done ? "Copied" : "Not copied";
    said.textContent = done ? "Copied." : "The browser refuses to copy.";
    button.focus();
    setTimeout(() => { button.textContent = name; said.textContent = ""; }, 2000);
  });
}

for (const field of document.querySelectorAll("[data-finds]")) {
  const rows = [...document.querySelectorAll(field.dataset.finds)];
  const none = document.querySelector(field.dataset.none);
  field.closest("[hidden]").hidden = false;
  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((w) => row.textContent.toLowerCase().includes(w));
      shown += row.hidden ? 0 : 1;
    }
    if (none) none.hidden = shown > 0;
  };
  field.addEventListener("input", find);
  field.addEventListener("keydown", (e) => {
    if (e.key !== "Enter") return;
    const first = rows.find((row) => !row.hidden);
    if (first && field.value) first.querySelector("a").click();
  });
  find();
}
