// The row of a table that the keyboard is at (`table[data-rows]`).
function rows() {
  return [...document.querySelectorAll("table[data-rows] tbody tr")].filter((row) => row.querySelector("a"));
}

// Where its link leads: a table that is drawn anew knows of no current row.
let address = "";

export function currentRow() {
  const marked = document.querySelector("table[data-rows] tr.current");
  if (marked || !address) return marked;
  const again = rows().find((row) => row.querySelector("a").href === address) ?? null;
  again?.classList.add("current");
  return again;
}

document.addEventListener("htmx:after:swap", currentRow);

export function moveRow(step) {
  const all = rows();
  if (!all.length) return false;
  const before = currentRow();
  const at = before ? all.indexOf(before) + step : step > 0 ? 0 : all.length - 1;
  const row = all[Math.min(Math.max(at, 0), all.length - 1)];
  before?.classList.remove("current");
  row.classList.add("current");
  address = row.querySelector("a").href;
  // The focus goes along, so that a screen reader says which row it is.
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}

export function openRow() {
  currentRow()?.querySelector("a")?.click();
}

export function selectRow() {
  currentRow()?.querySelector("input[type=checkbox]")?.click();
}
