// Walks through the Query page, the documents and the administrator's page as readers do,
// and prints what it found as JSON. Arguments: Chromium, the gateway, the administrator's
// page, a folder for downloads, a folder for pictures or "".
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";
import {join} from "node:path";

const [chromium, gateway, admin, downloads, pictures] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const person = require("./person.cjs");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await person.launch(chromium);
const saved = await person.saving(browser, downloads);
const found = {rules: {}, problems: []};

// open opens a page and notes what goes wrong in it.
async function open(address, width = 1280, height = 900, scheme = "light") {
  const page = await person.open(browser, found.problems, {dark: scheme === "dark", width, height});
  await page.goto(address, {waitUntil: "load"});
  return page;
}

// examine holds a page against the rules of accessibility; axe comes past the page's policy.
async function examine(page, name) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run());
  found.rules[name] = result.violations.map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160)).join(" | "));
}

async function picture(page, name) {
  if (pictures) await page.screenshot({path: join(pictures, name + ".png")});
}

const text = (page, selector) => page.$eval(selector, e => e.innerText.trim());
const until = (page, f, ...args) => page.waitForFunction(f, {}, ...args);
const status = (page, pattern) => until(page, p => new RegExp(p).test(document.getElementById("status").innerText), pattern);

async function write(page, statement) {
  await page.click(".cm-content");
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.press("Delete");
  await page.keyboard.sendCharacter(statement);
  await until(page, s => document.getElementById("sql").value === s, statement);
}

async function press(page, ...keys) {
  for (const k of keys) await page.keyboard.down(k);
  for (const k of keys.reverse()) await page.keyboard.up(k);
}

async function query() {
  const page = await open(gateway + "/console/query");
  await until(page, () => document.documentElement.dataset.ready);
  found.title = await page.title();

  await page.click("#run"); // the example: a join
  await status(page, "rows? in ");
  found.join = await page.$$eval("#rows tbody tr", rows => rows.map(r => r.innerText.split("\t")));
  await page.click("#explain");
  await status(page, "nothing was run");
  found.plan = await text(page, "#plan");
  await page.select("#chart-kind", "bar");
  found.bars = await page.$$eval("#picture .chart-bar", bars => bars.length);
  await page.evaluate(() => scrollTo(0, 0));
  await picture(page, "query");
  await examine(page, "query");

  await page.click('[data-format="xlsx"]');
  await status(page, "query.xlsx: ");
  await saved();
  await page.focus("#explain"); // the keys are not the editor's alone
  await press(page, "Control", "Shift", "Enter");
  await status(page, "nothing was run");

  await write(page, "SELECT Username FROM Users WHERE Nope = 1");
  await press(page, "Control", "Enter");
  await until(page, () => !document.getElementById("problem").hidden);
  found.problem = await text(page, "#problem");
  found.underlined = await page.$$eval(".sql-wrong", marks => marks.map(m => m.innerText).join(""));
  await picture(page, "query-error");
  await examine(page, "query with an error");

  await write(page, "SELECT range AS n, 9007199254740993 AS big FROM range(100000)");
  await press(page, "Control", "Enter");
  await status(page, "there is more");
  found.more = await text(page, "#status");
  found.shown = await page.$$eval("#rows tbody tr", rows => rows.length);
  found.big = await text(page, "#rows tbody tr:first-child td:nth-child(2)");

  await write(page, "SELECT u.Username, d.Type FROM Users u JOIN UserMFADevices d ON d.UserId = u.Id");
  await press(page, "Control", "Enter");
  await status(page, "call");
  found.progress = await text(page, "#status");
  await page.click("#cancel");
  await status(page, "Cancelled");

  await page.click("#share");
  const link = page.url();
  const shared = await open(link);
  await until(shared, () => document.documentElement.dataset.ready);
  found.shared = await text(shared, ".cm-content");
  found.history = await shared.$$eval("#earlier button", buttons => buttons.length);
  await write(shared, "SELECT u. FROM Users u");
  await shared.keyboard.press("Home");
  for (let i = 0; i < "SELECT u.".length; i++) await shared.keyboard.press("ArrowRight");
  await press(shared, "Control", " ");
  await shared.waitForSelector(".cm-tooltip-autocomplete li");
  found.completions = await shared.$$eval(".cm-tooltip-autocomplete li", all => all.map(e => e.innerText));
  await picture(shared, "query-completion");
  await shared.close();
  await page.close();

  const small = await open(gateway + "/console/query", 390, 844, "dark");
  await until(small, () => document.documentElement.dataset.ready);
  await small.click("#run");
  await status(small, "rows? in ");
  found.wide = await small.evaluate(() => document.documentElement.scrollWidth);
  await picture(small, "query-small");
  await examine(small, "query, small and dark");
  await small.close();
}

async function documents() {
  const page = await open(gateway + "/docs/");
  await examine(page, "documents");
  await picture(page, "documents");
  await page.goto(gateway + "/docs/sql", {waitUntil: "load"});
  await examine(page, "a document");
  await page.goto(gateway + "/docs/api#query", {waitUntil: "load"});
  await page.click("#query form button");
  await until(page, () => /^200/.test(document.querySelector("#query [data-answer]").innerText));
  found.tried = await text(page, "#query [data-answer]");
  await picture(page, "api");
  await examine(page, "interface");
  await page.close();
  const small = await open(gateway + "/docs/sql", 390, 844, "dark");
  found.wideDocument = await small.evaluate(() => document.documentElement.scrollWidth);
  await examine(small, "a document, small and dark");
  await small.close();
}

async function administration() {
  const page = await open(admin);
  found.admin = await text(page, "main");
  await picture(page, "admin");
  await examine(page, "administration");
  await page.close();
}

try {
  await query();
  await documents();
  await administration();
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
