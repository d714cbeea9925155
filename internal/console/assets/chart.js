// Simple charts of a result, as SVG. Colours come from the page's style sheet.
const width = 720, height = 320, left = 64, bottom = 72, top = 16, right = 16, maxBars = 60, maxPoints = 1000;

const svg = (name, attributes, ...children) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
};
const number = value => value === null ? NaN : Number(value);

// drawable says which columns hold numbers and which may label them, or null for none.
export function drawable({columns, rows}) {
  if (rows.length < 2) return null;
  const all = columns.map((_, i) => i);
  const numbers = all.filter(i => rows.some(r => r[i] !== null) &&
    rows.every(r => r[i] === null || typeof r[i] === "number" || (typeof r[i] === "string" && /^(DECIMAL|HUGEINT|U?BIGINT)/.test(columns[i].type) && isFinite(r[i]))));
  if (numbers.length === 0) return null;
  const labels = all.length > 1 ? all : [];
  if (labels.length === 0) return null;
  const x = all.find(i => !numbers.includes(i)) ?? labels[0];
  return {numbers, labels, x, y: numbers.find(i => i !== x) ?? numbers[0]};
}

// steps are round numbers from the least to the greatest.
function steps(least, greatest) {
  const raw = (greatest - least || 1) / 5, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= raw);
  const out = [];
  for (let v = Math.floor(least / step) * step; v < greatest + step; v += step) out.push(Math.round(v / power * 10) * power / 10);
  return out;
}

// draw gives the picture of column y over column x: "bar" or "line".
export function draw({columns, rows}, kind, x, y) {
  const all = rows.filter(r => isFinite(number(r[y])));
  const shown = all.slice(0, kind === "bar" ? maxBars : maxPoints);
  const values = shown.map(r => number(r[y])), ticks = steps(Math.min(0, ...values), Math.max(0, ...values));
  const low = ticks[0], high = ticks[ticks.length - 1];
  const down = v => top + (high - v) / (high - low) * (height - top - bottom);
  const place = (width - left - right) / Math.max(1, shown.length), at = i => left + (i + 0.5) * place;
  const title = columns[y].name + " by " + columns[x].name + (all.length > shown.length ? `, the first ${shown.length}` : "");
  const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title + ". The table below has the numbers."}, svg("title", {}, title));
  for (const t of ticks) {
    picture.append(svg("line", {class: t === 0 ? "chart-axis" : "chart-grid", x1: left, x2: width - right, y1: down(t), y2: down(t)}),
      svg("text", {class: "chart-tick", x: left - 8, y: down(t) + 4, "text-anchor": "end"}, t.toLocaleString("en-US", {notation: "compact"})));
  }
  if (kind === "line") {
    picture.append(svg("polyline", {class: "chart-line", points: values.map((v, i) => at(i) + "," + down(v)).join(" ")}));
  }
  const every = Math.ceil(shown.length / 24);
  shown.forEach((row, i) => {
    const label = row[x] === null ? "null" : String(row[x]);
    const tip = svg("title", {}, label + ": " + row[y]);
    if (kind === "bar") {
      const from = down(Math.max(0, values[i])), to = down(Math.min(0, values[i]));
      picture.append(svg("rect", {class: "chart-bar", x: at(i) - place * 0.4, width: place * 0.8, y: from, height: Math.max(1, to - from)}, tip));
    } else {
      picture.append(svg("circle", {class: "chart-point", cx: at(i), cy: down(values[i]), r: shown.length > 60 ? 1.5 : 3}, tip));
    }
    if (i % every === 0) {
      picture.append(svg("text", {class: "chart-tick", transform: `translate(${at(i) + 3},${height - bottom + 14}) rotate(-35)`, "text-anchor": "end"},
        label.length > 14 ? label.slice(0, 13) + "…" : label));
    }
  });
  return picture;
}
