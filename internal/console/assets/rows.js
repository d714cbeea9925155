// exact keeps whole numbers that JavaScript's can't hold as their text.
const exact = (_, value, context) => typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context ? context.source : value;

// readRows reads the JSON of /sql as it comes: a line of columns, a line for each row, and
// what stands behind the rows. to.rows is handed what has come and says whether it wants
// more; an answer that is broken off throws, with its reason where it is told.
export async function readRows(stream, to) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", state = "columns", ended = false;
  const take = (line, rows) => {
    switch (state) {
    case "columns":
      to.columns(JSON.parse(line.replace(/,$/, "") + "}").columns);
      state = "rows";
      return true;
    case "rows":
      if (line === '"rows":[') { state = "row"; return true; }
      break;
    case "row":
      if (line.startsWith("]")) {
        const broken = /^\],"error":(\{.*\})$/.exec(line);
        if (broken) throw JSON.parse(broken[1]);
        to.end(JSON.parse('{"rows":[' + line));
        ended = true;
        return true;
      }
      try { rows.push(JSON.parse(line.replace(/,$/, ""), exact)); } catch { return false; } // a value has line breaks
      return true;
    }
    throw {message: "The answer is not the gateway's.", hint: "Something between this page and the gateway changes answers."};
  };
  try {
    for (;;) {
      const {value, done} = await reader.read();
      const text = rest + (value || ""), lines = text.split("\n"), rows = [];
      rest = lines.pop();
      for (let i = 0, begin = 0; i < lines.length; i++) {
        if (take(lines.slice(begin, i + 1).join("\n"), rows)) begin = i + 1;
        else if (i === lines.length - 1) rest = lines.slice(begin).join("\n") + "\n" + rest;
      }
      if (rows.length && !to.rows(rows)) { await reader.cancel().catch(() => {}); return; }
      if (done) break;
    }
  } catch (e) {
    if (e.name === "AbortError" || e.message && !(e instanceof Error)) throw e;
    throw {message: "The answer was broken off.", hint: "The query failed on its way, or the connection did. Run it again."};
  }
  if (!ended) throw {message: "The answer was broken off.", hint: "The query failed on its way, or the connection did. Run it again."};
}
