// Tries the operations of the page: with the caller's own rights, as any program would.
const most = 20000; // characters of an answer that are shown

for (const e of document.querySelectorAll("[data-script]")) e.hidden = false;

// open shows the operation that the address names.
const open = () => {
  const at = location.hash && document.getElementById(location.hash.slice(1));
  if (at) at.open = true;
};
addEventListener("hashchange", open);
open();

// request is what a form sends, at an address relative to the page.
function request(form) {
  const headers = {}, query = new URLSearchParams();
  let path = form.dataset.path;
  for (const field of form.querySelectorAll("input[data-in]")) {
    const {value, name} = field;
    if (field.dataset.in === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (field.dataset.in === "query") query.set(name, value);
    else headers[name] = value;
  }
  const body = form.querySelector("textarea");
  if (body) headers["Content-Type"] = body.dataset.type;
  const text = query.toString();
  return [".." + path + (text ? "?" + text : ""), {method: form.dataset.method, headers: {Accept: "application/json, */*;q=0.5", ...headers}, body: body ? body.value : undefined}];
}

// start is the beginning of an answer; of a long one the rest is not read.
async function start(response) {
  const kind = response.headers.get("Content-Type") || "";
  if (!/text|json|xml|yaml/.test(kind)) {
    await response.body?.cancel();
    return "(" + (kind || "no body") + ")";
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) break;
    text += value;
    if (text.length > most) {
      await reader.cancel().catch(() => {});
      return text.slice(0, most) + "\n… there is more.";
    }
  }
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

const tag = (name, text) => Object.assign(document.createElement(name), {textContent: text});

for (const form of document.querySelectorAll("form[data-try]")) {
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const answer = form.querySelector("[data-answer]"), button = form.querySelector("button");
    const [address, options] = request(form), began = performance.now();
    button.disabled = true;
    answer.replaceChildren(tag("p", "Asks …"));
    try {
      const response = await fetch(address, options);
      const head = tag("p", `${response.status} ${response.statusText}, ${Math.round(performance.now() - began)} ms`);
      const text = tag("pre", await start(response));
      text.tabIndex = 0;
      answer.replaceChildren(head, tag("pre", options.method + " " + new URL(address, location.href)), text);
    } catch {
      answer.replaceChildren(tag("p", "No answer came, or it was broken off."));
    } finally {
      button.disabled = false;
    }
  });
}
