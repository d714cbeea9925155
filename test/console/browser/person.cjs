// What a person does in a browser, for the tests that walk through the console.
"use strict";
const puppeteer = require("puppeteer-core");

// limit bounds every wait, in milliseconds: a browser that hangs fails, one on a busy
// machine does not.
const limit = 180000;

const launch = (chromium, args = []) => puppeteer.launch({
  executablePath: chromium, headless: "shell", timeout: limit, protocolTimeout: limit,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", ...args],
});

// open opens a page and tells problems what goes wrong in it.
async function open(browser, problems, { dark = false, width = 1280, height = 800, script = true } = {}) {
  const page = await browser.newPage();
  page.setDefaultTimeout(limit);
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  page.on("console", (m) => {
    // The pictures are taken by plain http under a name, where browsers ignore that header.
    const expected = ["Failed to load resource", "The Cross-Origin-Opener-Policy header has been ignored"];
    if (m.type() === "error" && !expected.some((e) => m.text().startsWith(e))) problems.push(m.text());
  });
  page.on("pageerror", (e) => problems.push(String(e)));
  return page;
}

const follow = (page, act) => Promise.all([page.waitForNavigation({ waitUntil: "load" }), act()]);
const text = (page, selector) => page.$eval(selector, (e) => e.textContent.trim());

// named is the link or button that a person sees under a name.
async function named(page, name) {
  const handle = await page.evaluateHandle((name) => [...document.querySelectorAll("a, button")]
    .find((e) => e.checkVisibility() && e.innerText.trim().startsWith(name)), name);
  if (!handle.asElement()) throw new Error(`${page.url()} shows nothing named ${name}`);
  return handle.asElement();
}

// copied presses a button and gives what came to the clipboard.
async function copied(page, name) {
  await page.evaluate(() => {
    window.copied = undefined;
    navigator.clipboard.writeText = async (text) => { window.copied = text; };
  });
  await (await named(page, name)).evaluate((e) => e.click());
  return (await page.waitForFunction("window.copied")).jsonValue();
}

// saving has the browser put downloads into a folder, and gives a wait for the first one
// to be there.
async function saving(browser, folder) {
  const client = await browser.target().createCDPSession();
  const ended = new Promise((done) => client.on("Browser.downloadProgress", (e) => { if (e.state !== "inProgress") done(); }));
  await client.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder, eventsEnabled: true });
  return () => ended;
}

module.exports = { launch, open, follow, text, named, copied, saving };
