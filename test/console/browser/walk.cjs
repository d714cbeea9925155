// Walks through the console in headless Chromium, as a person without documentation
// would, and examines its pages by the rules of axe. It prints what it has met as JSON;
// the test that runs it says what that must be.
//   node walk.cjs CHROMIUM ADDRESS [PORT FOLDER]
// With a port and a folder it also takes the documentation's pictures.
"use strict";
const fs = require("fs");
const path = require("path");
const person = require("./person.cjs");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const { follow, text, copied } = person;
const [chromium, base, port, folder] = process.argv.slice(2);
const service = base + "/odata/pingone/Administrators/";
const found = { steps: {}, accessibility: [], overflow: [], console: [], bytes: {} };

const open = (browser, look) => person.open(browser, found.console, look);
const click = (page, selector) => follow(page, () => page.$eval(selector, (e) => e.click()));

async function walk(browser) {
  const page = await open(browser);
  const steps = found.steps;
  await page.goto(base);
  steps.home = { url: page.url(), title: await text(page, "h1") };
  steps.addressOfHome = await copied(page, "Copy address for Excel");
  steps.python = await copied(page, "Copy Python");

  await follow(page, () => page.evaluate(() => [...document.querySelectorAll(".card a")].find((a) => a.textContent.startsWith("Tables")).click()));
  await page.type("[data-finds]", "users of the env");
  steps.found = await page.$$eval("#tables tbody tr:not([hidden]) a", (all) => all.map((a) => a.textContent));
  await follow(page, () => page.keyboard.press("Enter"));
  steps.table = { url: page.url(), title: await text(page, "h1") };
  await click(page, "a.primary");

  await page.select("[name=on]", "EmployeeType");
  await page.type("[name=value]", "Contractor");
  await follow(page, () => page.keyboard.press("Enter"));
  steps.filtered = {
    url: page.url(), field: await page.$eval("[name='f.EmployeeType']", (e) => e.value),
    kinds: await page.evaluate(() => {
      const heads = [...document.querySelectorAll(".rows thead tr:first-child th")].map((e) => e.textContent.trim());
      const at = heads.indexOf("EmployeeType");
      return [...new Set([...document.querySelectorAll(".rows tbody tr")].map((r) => r.cells[at].textContent))];
    }),
    rows: (await page.$$(".rows tbody tr")).length, sql: await text(page, "#sql"),
  };
  steps.address = await copied(page, "Copy feed's address");
  await click(page, "[rel=next]");
  steps.next = await text(page, ".under strong");
  await click(page, "[rel=prev]");
  steps.previous = await text(page, ".under strong");
  await follow(page, () => page.$$eval(".rows thead a", (all) => all.find((a) => a.textContent.trim() === "Username").click()));
  steps.sorted = await page.$eval("th[aria-sort]", (e) => e.getAttribute("aria-sort") + " " + e.textContent.trim());
  await page.select("[name=on]", "CreatedAt");
  await page.type("[name=value]", "yesterday");
  await follow(page, () => page.keyboard.press("Enter"));
  steps.wrong = await page.$eval("[aria-invalid=true]", (e) => e.name + ": " + document.getElementById(e.getAttribute("aria-describedby")).textContent);
  await page.close();
}

// keyboard follows the focus from the top of a page.
async function keyboard(browser) {
  const page = await open(browser);
  await page.goto(service + "Users?rows");
  const stops = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Tab");
    stops.push(await page.evaluate(() => {
      const e = document.activeElement, s = getComputedStyle(e);
      return { what: (e.textContent || e.name || e.className).trim().slice(0, 40), marked: s.outlineStyle === "solid" && parseFloat(s.outlineWidth) >= 2 };
    }));
    if (i === 0) {
      await page.keyboard.press("Enter");
      found.steps.skipped = await page.evaluate(() => document.activeElement.id || location.hash);
    }
  }
  found.steps.stops = stops;
  await page.close();
}

// bare uses a page without script.
async function bare(browser) {
  const page = await open(browser, { script: false });
  await page.goto(service + "Users?rows");
  await page.type("[name='f.Username']", "ada*");
  await follow(page, () => page.keyboard.press("Enter"));
  const html = await page.content();
  found.steps.bare = { url: page.url(), ada: html.includes("ada.admin") };
  await page.close();
}

async function examine(browser) {
  const pages = {
    home: base + "/odata/pingone/", tables: service, table: service + "Users", rows: service + "Users?rows",
    related: service + "Users?$expand=Population&$top=5", wrong: service + "Users?$filter=Emial%20eq%20'a'", field: service + "Users?show=1&where=&f.Username=a*b",
    nothing: service + "Userz", signin: base + "/test/sign-in", system: base + "/odata/pingone/Information/",
  };
  for (const [name, address] of Object.entries(pages)) {
    for (const look of [{}, { dark: true, width: 390 }]) {
      const page = await open(browser, look);
      const response = await page.goto(address);
      const at = name + (look.dark ? ", dark, 390 px" : "");
      found.bytes[name] = (await response.buffer()).length;
      for (const d of await page.$$("details")) await d.evaluate((e) => { e.open = true; });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) found.overflow.push(at + ": " + wide + " px");
      await page.evaluate(axe);
      const result = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      for (const v of result.violations) found.accessibility.push(`${at}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120) + " " + n.any.concat(n.all).map((c) => c.message).join("; ")).slice(0, 3).join(" | ")}`);
      await page.close();
    }
  }
}

async function pictures() {
  const browser = await person.launch(chromium, ["--host-resolver-rules=MAP gateway.example.org:80 127.0.0.1:" + port]);
  const service = "http://gateway.example.org/odata/pingone/Administrators/";
  const contractors = "Users?$filter=EmployeeType%20eq%20'Contractor'%20and%20startswith(Email,'m')&$expand=Population&$select=Username,FirstName,LastName,Email,EmployeeType,Title,Locality,CreatedAt";
  for (const [name, address, look] of [
    ["console-home", "http://gateway.example.org/", { width: 1200, height: 700 }],
    ["console-table", service + "Groups", { width: 1200, height: 1000 }],
    ["console-rows", service + contractors, { width: 1200, height: 760 }],
    ["console-dark", service + "Users", { width: 1200, height: 760, dark: true }],
  ]) {
    const page = await open(browser, look);
    await page.goto(address);
    await page.screenshot({ path: path.join(folder, name + ".png"), optimizeForSpeed: false });
    await page.close();
  }
  await browser.close();
}

(async () => {
  const browser = await person.launch(chromium);
  try {
    await walk(browser);
    await keyboard(browser);
    await bare(browser);
    await examine(browser);
  } finally {
    await browser.close();
  }
  if (folder) await pictures();
  process.stdout.write(JSON.stringify(found));
})().catch((e) => { console.error(e); process.exit(1); });
