// The coverage plot: what a cell holds, the search that finds it, and looking closer by a drag.
import { say } from "./copying.js";

const plot = document.getElementById("coverage");
if (plot) start(plot, document.getElementById("coverage-read"));

function start(plot, read) {
  const number = (name) => Number(plot.dataset[name]);
  const [columns, bins, first, last, nights] = ["columns", "bins", "first", "last", "nights"].map(number);
  const cells = new Map(plot.dataset.values.split(";").map((text) => {
    const [column, bin, files, observations, size] = text.split(",");
    return [`${column},${bin}`, { files, observations, size }];
  }));
  const svg = plot.querySelector("svg");
  const cursor = plot.querySelector(".sky-cursor");
  const chosen = plot.querySelector(".sky-chosen");
  const at = { column: columns - 1, bin: 0 };
  let from = null;

  const nightsOf = (column) => [first + column * nights, Math.min(first + (column + 1) * nights - 1, last)];
  const dateOf = (night) => new Date((night - 2440587.5) * 86400000).toISOString().slice(0, 10);
  const hour = (bin) => Number(((bin * 24) / bins).toPrecision(6));
  const grouped = (count) => count.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const several = (count, what) => `${grouped(count)} ${what}${count === "1" ? "" : "s"}`;

  function tell() {
    const [low, high] = nightsOf(at.column);
    const when = low === high ? `${dateOf(low)} (JD ${low})` : `${dateOf(low)} to ${dateOf(high)} (JD ${low}–${high})`;
    const cell = cells.get(`${at.column},${at.bin}`);
    const what = cell ? `${cell.size}, ${several(cell.files, "file")}, ${several(cell.observations, "observation")}` : "nothing";
    read.textContent = `${when}, LST ${hour(at.bin)}–${hour(at.bin + 1)} h: ${what}`;
    const place = { x: at.column, y: bins - 1 - at.bin, width: 1, height: 1 };
    for (const [name, value] of Object.entries(place)) cursor.setAttribute(name, value);
  }

  function open() {
    const [low, high] = nightsOf(at.column);
    const upper = at.bin + 1 < bins ? ` lst:<${hour(at.bin + 1)}` : "";
    const search = `start:>=${low}.0 start:<${high + 1}.0 lst:>=${hour(at.bin)}${upper}`;
    location.assign(`/search?${new URLSearchParams({ search })}`);
  }

  function zoom(one, other) {
    const [low] = nightsOf(Math.min(one, other));
    const [, high] = nightsOf(Math.max(one, other));
    location.assign(`/coverage?${new URLSearchParams({ from: low, to: high, by: plot.dataset.by })}`);
  }

  function point(event) {
    const box = svg.getBoundingClientRect();
    const within = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    at.column = within((event.clientX - box.left) / box.width, columns);
    at.bin = bins - 1 - within((event.clientY - box.top) / box.height, bins);
  }

  function choose() {
    const [low, high] = from === null ? [0, -1] : [Math.min(from, at.column), Math.max(from, at.column)];
    chosen.setAttribute("x", low);
    chosen.setAttribute("width", high - low + (high > low ? 1 : 0));
  }

  plot.addEventListener("pointermove", (event) => { point(event); tell(); choose(); });
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    point(event);
    from = at.column;
    if (event.pointerType === "mouse") plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointercancel", () => { from = null; choose(); });
  plot.addEventListener("pointerup", (event) => {
    if (from === null) return;
    point(event);
    const [begun] = [from];
    from = null;
    choose();
    if (begun !== at.column) zoom(begun, at.column);
    else if (cells.has(`${at.column},${at.bin}`)) { tell(); open(); }
    else tell();
  });

  // For who has no mouse: a cell at a time, and closer or wider by the page's own buttons.
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], PageUp: [0, 6], PageDown: [0, -6] };
  const follow = (way) => document.querySelector(`[data-way="${way}"]`)?.click();
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = STEPS[event.key];
    if (step) {
      at.column = Math.min(columns - 1, Math.max(0, at.column + step[0]));
      at.bin = Math.min(bins - 1, Math.max(0, at.bin + step[1]));
      tell();
    } else if (event.key === "Enter" && cells.has(`${at.column},${at.bin}`)) open();
    else if (event.key === "Enter") say("Nothing is there.");
    else if (event.key === "+") follow("in");
    else if (event.key === "-") follow("out");
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  plot.addEventListener("focus", tell);

  const newest = [...cells.keys()].at(-1);
  [at.column, at.bin] = newest.split(",").map(Number);
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-label", `${plot.getAttribute("aria-label")} Arrows move, Enter finds the files, plus and minus look closer or wider.`);
  plot.dataset.ownKeys = "";
  plot.tabIndex = 0;
}
