// The analyst's walk: from the printed address to rows in Excel, by what the pages show
// alone. It prints what was met as JSON; the test that runs it says what that must be.
//   node analyst.cjs CHROMIUM ADDRESS DOWNLOADS [PICTURES]
// With a folder for pictures it takes one of each step, with a line of what is done.
"use strict";
const fs = require("fs");
const path = require("path");
const { launch, open, follow, text, named, copied, saving } = require("../console/browser/person.cjs");

const [chromium, address, downloads, pictures] = process.argv.slice(2);
const found = { problems: [] };
let page, taken = 0;

// step takes a picture before something named, or at a selector, is used.
async function step(caption, at) {
  if (!pictures) return;
  const e = at && (await page.$(at).catch(() => null) || await named(page, at));
  await page.evaluate((caption, e) => {
    if (e) {
      e.scrollIntoView({ block: "center" });
      Object.assign(e.style, { outline: "3px solid #d6336c", outlineOffset: "3px" });
    }
    const bar = document.createElement("div");
    bar.id = "caption";
    bar.textContent = caption;
    Object.assign(bar.style, { position: "fixed", left: 0, right: 0, bottom: 0, padding: "10px 16px", background: "#1c2733", color: "#fff", font: "600 17px system-ui, sans-serif", zIndex: 9 });
    document.body.append(bar);
  }, caption, e);
  await page.screenshot({ path: path.join(pictures, String(taken++).padStart(2, "0") + ".png") });
  await page.evaluate((e) => {
    document.getElementById("caption").remove();
    if (e) e.style.outline = "";
  }, e);
}

const press = async (name) => (await named(page, name)).click();
const turn = (name) => follow(page, () => press(name));
const says = (pattern) => page.waitForFunction((p) => new RegExp(p).test(document.getElementById("status").innerText), {}, pattern);

async function findUsers() {
  await page.goto(address);
  found.home = page.url();
  await step("The address that the gateway prints, in any browser", "Tables");
  await turn("Tables");
  await page.type("[type=search]", "users of the env");
  found.tables = await page.$$eval("#tables tbody tr", (all) => all.filter((e) => e.checkVisibility()).map((e) => e.cells[0].innerText));
  await step("Find a table by what it means", "#tables tbody tr:not([hidden]) a");
  await follow(page, () => page.keyboard.press("Enter"));
  found.columns = await text(page, "h2");
  await step("What it means, what each column holds, what reading it costs", "Browse and filter rows");
  await turn("Browse and filter rows");
}

async function filterContractors() {
  await page.select("[name=on]", "EmployeeType");
  await page.type("[name=value]", "Contractor");
  await step("Filter rows: PingOne does the work where it can", "[name=value]");
  await follow(page, () => page.keyboard.press("Enter"));
  found.kinds = await page.evaluate(() => {
    const heads = [...document.querySelectorAll(".rows thead tr:first-child th")].map((e) => e.innerText.trim());
    return [...new Set([...document.querySelectorAll(".rows tbody tr")].map((r) => r.cells[heads.indexOf("EmployeeType")].innerText))];
  });
  await step("Copy the address of exactly these rows, for Excel and Power BI", "Copy feed's address");
  found.address = await copied(page, "Copy feed's address");
}

async function join() {
  await turn("Query");
  await page.waitForFunction(() => document.documentElement.dataset.ready);
  await step("Or ask in SQL, with completion", "Contractors by population");
  await press("Contractors by population");
  await press("Run");
  await says("rows? in ");
  found.join = await page.$$eval("#rows tbody tr", (rows) => rows.map((r) => [...r.cells].map((c) => c.innerText)));
  await page.select("#chart-kind", "bar");
  await page.evaluate(() => scrollTo(0, 0));
  await step("Rows, and a chart of them", "Explain");
  await press("Explain");
  await says("nothing was run");
  found.calls = await page.$$eval("#plan li", (all) => all.map((e) => e.innerText));
  await page.evaluate(() => scrollTo(0, 0));
  await step("The calls to PingOne that it takes, before anything is run", "#explained");
  await step("Take it along: CSV, Excel, JSON, Parquet", "[data-format=xlsx]");
  await press("Excel");
  await says("query.xlsx: ");
  await step("Done: a workbook, without a terminal");
}

(async () => {
  const browser = await launch(chromium);
  try {
    page = await open(browser, found.problems, pictures ? { width: 1000, height: 700 } : {});
    const saved = await saving(browser, downloads);
    await findUsers();
    await filterContractors();
    await join();
    await saved();
  } finally {
    await browser.close();
  }
  fs.writeSync(1, JSON.stringify(found));
})().catch((e) => { console.error(e); process.exit(1); });
