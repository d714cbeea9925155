// Looks at a table of an application as a person does, lets it grow, and prints its rows.
//   node look.cjs CHROMIUM ADDRESS [PICTURE]
"use strict";
const { launch, open } = require("../../console/browser/person.cjs");

const [chromium, address, picture] = process.argv.slice(2);
const problems = [];
const rows = (page) => page.$$eval("tbody tr.sapMListTblRow", (all) => all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.innerText.trim()).filter(Boolean)));

(async () => {
	const browser = await launch(chromium);
	try {
		const page = await open(browser, problems, { width: 1000, height: 560 });
		await page.goto(address);
		await page.waitForSelector("tbody tr.sapMListTblRow");
		await page.waitForNetworkIdle();
		if (picture) await page.screenshot({ path: picture });
		const first = await rows(page);
		await page.click(".sapMGrowingListTrigger");
		await page.waitForFunction((n) => document.querySelectorAll("tbody tr.sapMListTblRow").length > n, {}, first.length);
		process.stdout.write(JSON.stringify({ header: await page.$eval(".sapMListHdr", (e) => e.innerText), first, all: await rows(page), problems }));
	} finally {
		await browser.close();
	}
})().catch((e) => { process.stderr.write(String(e.stack) + "\n" + problems.join("\n")); process.exitCode = 1; });
