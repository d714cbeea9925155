// The Query page: runs and explains statements at the addresses of /sql, which any other
// program uses as well, and keeps its history in this browser alone.
import {readRows} from "./rows.js";
import {draw, drawable} from "./chart.js";

const maxRows = 1000, maxCells = 50000, maxText = 300, maxHistory = 50;
const $ = id => document.getElementById(id);
const form = $("query"), area = $("sql");
const {base} = form.dataset; // the address of the gateway, from here
let running = null; // {id, abort, stopped}
let result = null; // {columns, rows}

// The textarea does until the editor is there, or where it can't be had.
let editor = {
  text: () => area.value,
  replace: text => { area.value = text; },
  mark(from, to) { area.focus(); area.setSelectionRange(from, to); },
  clear() {}, complete() {}, focus: () => area.focus(),
};

const element = (name, properties, ...children) => {
  const e = Object.assign(document.createElement(name), properties);
  e.append(...children);
  return e;
};
const count = (n, one, many) => n.toLocaleString("en-US") + " " + (n === 1 ? one : many);
const time = ms => ms < 1000 ? Math.round(ms) + " ms" : (ms / 1000).toFixed(1) + " s";
const connection = () => form.elements.connection.value;
const say = text => { $("status").textContent = text; };

function newID() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, "0")).join("");
}

// send asks the gateway about a statement; an answer that is none throws its problem.
async function send(path, headers, work, sql = editor.text()) {
  let response;
  try {
    response = await fetch(base + path, {
      method: "POST", signal: work && work.abort.signal,
      headers: {"Content-Type": "application/json", ...headers},
      body: JSON.stringify({query: sql, connection: connection()}),
    });
  } catch (e) {
    throw e.name === "AbortError" ? e : {message: "The gateway can't be reached.", hint: "Check your network, then run it again."};
  }
  if (response.ok) return response;
  let problem = null;
  try { problem = (await response.json()).error; } catch { /* no JSON: a proxy's own page */ }
  throw problem || {message: "The gateway, or something before it, answered with status " + response.status + ".", hint: ""};
}

// work runs one thing at a time, with its progress and an end to it.
async function work(what, f) {
  if (running) return;
  if (!editor.text().trim()) { say("Write a statement first."); editor.focus(); return; }
  running = {id: newID(), abort: new AbortController(), stopped: false};
  const mine = running, began = performance.now();
  forget();
  for (const b of document.querySelectorAll("[data-work]")) b.disabled = true;
  $("cancel").hidden = false;
  say(what + " …");
  const stop = watch(mine, what);
  try {
    await f(mine, () => time(performance.now() - began));
  } catch (e) {
    if (mine.stopped) say("Cancelled.");
    else fail(e);
  } finally {
    stop();
    running = null;
    $("cancel").hidden = true;
    for (const b of document.querySelectorAll("[data-work]")) b.disabled = false;
  }
}

// watch says how far a query is, until it is told to stop.
function watch(mine, what) {
  let over = false, timer = 0;
  const look = async () => {
    try {
      const response = await fetch(base + "sql/" + mine.id);
      if (response.ok && !over) {
        const p = await response.json();
        const parts = [p.state === "queued" ? "Waits for its turn" : what];
        if (p.calls !== undefined) parts.push(p.expectedCalls ? `${p.calls.toLocaleString("en-US")} of about ${count(p.expectedCalls, "call", "calls")}` : count(p.calls, "call", "calls"));
        if (p.rowsRead) parts.push(count(p.rowsRead, "row read", "rows read"));
        if (p.budgetWaitSeconds >= 1) parts.push("held back by PingOne's rate limit");
        parts.push(Math.round(p.elapsedSeconds) + " s");
        if (!over && !mine.stopped) say(parts.join(", ") + " …");
      }
    } catch { /* the query itself tells what is wrong */ }
    if (!over) timer = setTimeout(look, 700);
  };
  timer = setTimeout(look, 300);
  return () => { over = true; clearTimeout(timer); };
}

async function cancel() {
  const mine = running;
  if (!mine || mine.stopped) return;
  mine.stopped = true;
  say("Cancels …");
  try { await fetch(base + "sql/" + mine.id, {method: "DELETE"}); } catch { /* the end of the connection cancels, too */ }
  mine.abort.abort();
}

function forget() {
  editor.clear();
  $("problem").hidden = true;
  $("notes").replaceChildren();
}

function fail(problem) {
  say("");
  const box = $("problem");
  box.replaceChildren(element("strong", {textContent: problem.message || String(problem)}));
  if (problem.hint) box.append(element("p", {textContent: problem.hint}));
  const more = element("p", {className: "quiet"});
  if (problem.code) more.append(element("a", {href: base + "docs/troubleshooting#" + encodeURIComponent(problem.code), textContent: problem.code}));
  if (problem.requestId) more.append(" Request ", element("code", {textContent: problem.requestId}));
  box.append(more);
  box.hidden = false;
  if (problem.position > 0) {
    const [from, to] = place(editor.text(), problem);
    editor.mark(from, to, problem.message);
  }
}

// place is where a problem is, in UTF-16 units; the gateway counts characters from 1.
function place(text, problem) {
  const from = Array.from(text).slice(0, problem.position - 1).join("").length;
  const rest = text.slice(from);
  if (problem.target && rest.startsWith(problem.target)) return [from, from + problem.target.length];
  const word = /^[\p{L}\p{N}_.$"]+|^\S+/u.exec(rest);
  return [from, from + (word ? word[0].length : 1)];
}

function run() {
  return work("Runs", async (mine, time) => {
    remember(editor.text());
    result = null;
    $("result").hidden = $("chart").hidden = true;
    const response = await send("sql", {Accept: "application/json", "X-Query-Id": mine.id}, mine);
    const body = $("rows").tBodies[0], rows = [];
    let columns = [], limit = maxRows, more = false, tail = {};
    await readRows(response.body, {
      columns(found) {
        columns = found;
        limit = Math.min(maxRows, Math.ceil(maxCells / Math.max(1, found.length)));
        $("rows").tHead.replaceChildren(element("tr", {}, ...found.map(c => element("th", {scope: "col", textContent: c.name, title: c.type}))));
        body.replaceChildren();
      },
      rows(found) {
        const room = limit - rows.length;
        more = found.length > room;
        found = found.slice(0, room);
        rows.push(...found);
        body.append(...found.map(row => line(row)));
        return !more;
      },
      end(found) { tail = found; },
    });
    result = {columns, rows};
    Array.from($("rows").tHead.rows[0].cells, (cell, i) => cell.classList.toggle("number", rows.some(r => typeof r[i] === "number")));
    $("result").hidden = false;
    for (const note of tail.notes || []) $("notes").append(element("li", {textContent: note}));
    if (tail.count !== undefined) say(count(tail.count, "row changed", "rows changed") + " in " + time() + ".");
    else if (more) say(`The first ${count(rows.length, "row", "rows")} in ${time()}; there is more. A download has all of it.`);
    else say(count(rows.length, "row", "rows") + " in " + time() + ".");
    offerChart();
  });
}

function line(row) {
  return element("tr", {}, ...row.map(value => {
    if (value === null) return element("td", {className: "null", textContent: "null"});
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    const cell = element("td", {textContent: text.length > maxText ? text.slice(0, maxText) + "…" : text});
    if (typeof value === "number") cell.className = "number";
    return cell;
  }));
}

function explain() {
  return work("Explains", async (mine, time) => {
    const response = await send("sql/explain", {"X-Query-Id": mine.id}, mine);
    const plan = await response.json();
    showPlan(plan);
    say("Explained in " + time() + "; nothing was run.");
  });
}

function showPlan(plan) {
  const scans = plan.scans || [], calls = scans.reduce((sum, s) => sum + s.estimatedCalls, 0);
  const where = $("plan");
  where.replaceChildren(element("p", {}, element("strong", {textContent: "About " + count(calls, "call", "calls") + " to PingOne"}),
    plan.engine === "none" ? ". Rows go straight from PingOne to you." : ". What is joined, grouped or sorted is done here."));
  for (const note of plan.notes || []) where.append(element("p", {className: "note", textContent: note}));
  for (const s of scans) {
    const list = element("dl", {});
    const fact = (name, value) => { if (value) list.append(element("dt", {textContent: name}), element("dd", {}, value)); };
    const code = text => text && element("code", {textContent: text});
    const keys = (s.keysFrom || []).join(", ");
    fact("Pushed to PingOne", code(s.pushed) || (keys ? "the keys, and what else the calls show" : "nothing"));
    fact("Tested here", code(s.residual));
    fact("Keys from", keys);
    fact("Expected", count(s.estimatedCalls, "call", "calls") + ", " + count(s.estimatedRows, "row", "rows"));
    if (s.calls && s.calls.length) {
      fact("Calls", element("ul", {}, ...s.calls.map(c => element("li", {}, code(c.method + " " + c.address), c.note ? " " + c.note : ""))));
    }
    where.append(element("section", {}, element("h3", {textContent: s.table + (s.alias && s.alias !== s.table ? " as " + s.alias : "")}),
      element("p", {className: "quiet", textContent: s.schema + (s.decision ? ": " + s.decision : "")}), list));
  }
  for (const c of plan.changes || []) where.append(element("p", {}, "For each row found: ", element("code", {textContent: c.method + " " + c.address})));
  $("explained").hidden = false;
}

// download saves the whole result as a file, once all of it is there.
function download(format) {
  return work("Downloads", async (mine, time) => {
    const response = await send("sql?format=" + format, {"X-Query-Id": mine.id}, mine);
    let file;
    try { file = await response.blob(); } catch (e) {
      if (e.name === "AbortError") throw e;
      throw {message: "The file was broken off: the query failed on its way.", hint: "Run it in the page to see why. Nothing was saved."};
    }
    const address = URL.createObjectURL(file);
    element("a", {href: address, download: "query." + format}).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    say(`query.${format}: ${Math.max(1, Math.round(file.size / 1024)).toLocaleString("en-US")} KB in ${time()}.`);
  });
}

function offerChart() {
  const chart = $("chart"), can = result && drawable(result);
  chart.hidden = !can;
  if (!can) return;
  const options = (select, names, at) => {
    select.replaceChildren(...names.map(n => element("option", {value: n, textContent: result.columns[n].name})));
    select.value = at;
  };
  options($("chart-x"), can.labels, can.x);
  options($("chart-y"), can.numbers, can.y);
  $("chart-kind").value = "";
  redraw();
}

function redraw() {
  const kind = $("chart-kind").value;
  $("chart-axes").hidden = !kind;
  $("picture").replaceChildren(...(kind ? [draw(result, kind, Number($("chart-x").value), Number($("chart-y").value))] : []));
}

// The history is this browser's own.
const kept = "pingone-gateway.queries";
function history() {
  try { return JSON.parse(localStorage.getItem(kept)) || []; } catch { return []; }
}
function keep(list) {
  try { localStorage.setItem(kept, JSON.stringify(list)); } catch { /* no storage: no history */ }
  showHistory();
}
function remember(sql) {
  keep([{sql, at: Date.now()}, ...history().filter(h => h.sql !== sql)].slice(0, maxHistory));
}
function showHistory() {
  const list = history();
  $("history").hidden = list.length === 0;
  $("earlier").replaceChildren(...list.map(h => element("li", {}, element("button", {
    type: "button", textContent: h.sql.replace(/\s+/g, " ").slice(0, 120), title: new Date(h.at).toLocaleString(),
    onclick: () => { editor.replace(h.sql); editor.focus(); },
  }))));
}

// A link holds its statement behind the #, which browsers don't send to anybody.
function linked() {
  const of = new URLSearchParams(location.hash.slice(1));
  if (!of.get("sql")) return;
  editor.replace(of.get("sql"));
  if (of.get("connection")) form.elements.connection.value = of.get("connection");
}
async function share() {
  const to = new URL(location.href);
  to.hash = new URLSearchParams({sql: editor.text(), connection: connection()}).toString();
  window.history.replaceState(null, "", to);
  try {
    await navigator.clipboard.writeText(to.href);
    say("The link is copied. Who opens it sees the statement, and runs it with rights of their own.");
  } catch {
    say("The link is in the address bar.");
  }
}

// What the editor completes: the tables of the default schema, which other environments
// have as well, and the columns of those that the statement names.
const names = {schemas: [], tables: {}, asked: new Set(), offered: false, timer: 0};

// ask runs a statement about the catalogue and returns its rows, none where it fails.
async function ask(sql) {
  const found = [];
  try {
    const response = await send("sql", {Accept: "application/json"}, null, sql);
    await readRows(response.body, {columns() {}, end() {}, rows(some) { found.push(...some); return true; }});
  } catch { /* there is nothing to offer */ }
  return found;
}

async function complete() {
  const [schemas, tables] = await Promise.all([ask("SHOW SCHEMAS"), ask("SHOW TABLES")]);
  Object.assign(names, {schemas: schemas.map(r => r[0]), tables: {}, asked: new Set(), offered: false});
  for (const [table] of tables) names.tables[table] = [];
  await completeColumns();
}

async function completeColumns() {
  const mentioned = new Set(editor.text().match(/[A-Za-z_]\w*/g));
  const wanted = Object.keys(names.tables).filter(t => mentioned.has(t) && !names.asked.has(t)).slice(0, 8);
  if (names.offered && wanted.length === 0) return; // a list that is open would close
  names.offered = true;
  for (const t of wanted) names.asked.add(t);
  await Promise.all(wanted.map(async t => { names.tables[t] = (await ask(`DESCRIBE "${t}"`)).map(r => r[0]); }));
  const schema = {...names.tables};
  for (const s of names.schemas) schema[s] = s === "Information" ? {} : names.tables;
  editor.complete(schema);
}

function changed() {
  clearTimeout(names.timer);
  names.timer = setTimeout(completeColumns, 600);
}

async function begin() {
  for (const e of document.querySelectorAll("[data-script]")) e.hidden = false;
  for (const b of document.querySelectorAll("[data-format]")) {
    b.type = "button";
    b.onclick = () => download(b.dataset.format);
  }
  form.onsubmit = event => { event.preventDefault(); run(); };
  $("run").onclick = run;
  $("explain").onclick = explain;
  $("cancel").onclick = cancel;
  $("share").onclick = share;
  $("clear").onclick = () => keep([]);
  for (const id of ["chart-kind", "chart-x", "chart-y"]) $(id).onchange = redraw;
  for (const b of document.querySelectorAll("[data-example]")) b.onclick = () => { editor.replace(b.dataset.example); editor.focus(); };
  form.onkeydown = event => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    event.preventDefault();
    if (event.shiftKey) explain(); else run();
  };
  showHistory();
  linked();
  window.onhashchange = linked;
  try {
    const {create} = await import(form.dataset.editor);
    editor = create(area, {run, explain, changed, nonce: form.dataset.nonce, label: "SQL"});
    form.elements.connection.addEventListener("change", complete);
    await complete();
  } catch { /* the textarea goes on */ }
  document.documentElement.dataset.ready = "true";
}

begin();
