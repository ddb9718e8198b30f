// Which rows are selected: kept over the pages of one search, as long as the tab is open.
import { say } from "./copying.js";

const form = document.getElementById("bulk");
const boxes = form ? [...form.querySelectorAll("input[type=checkbox][name=name]")] : [];
const key = form ? `selection:${form.dataset.key}` : "";
const chosen = new Set(form ? JSON.parse(sessionStorage.getItem(key) ?? "[]") : []);
let last = -1;

function show() {
  const count = document.getElementById("selected-count");
  count.textContent = chosen.size ? `${chosen.size.toLocaleString("en").replaceAll(",", "\u202f")} selected` : "Nothing selected";
  form.querySelector("[data-of-selection]").hidden = !chosen.size;
  // It stays in sight while there is something to do.
  form.querySelector(".bulk").classList.toggle("bulk-held", chosen.size > 0);
  form.querySelector("[data-pick-none]").hidden = !chosen.size;
  const all = form.querySelector("[data-pick-all]");
  const here = boxes.filter((box) => box.checked).length;
  all.checked = here === boxes.length;
  all.indeterminate = here > 0 && here < boxes.length;
}

function keep() {
  sessionStorage.setItem(key, JSON.stringify([...chosen]));
  show();
}

function pick(box, picked) {
  box.checked = picked;
  if (picked) chosen.add(box.value);
  else chosen.delete(box.value);
}

function pickOne(event) {
  const at = boxes.indexOf(event.target);
  if (at < 0) return;
  const from = event.shiftKey && last >= 0 ? Math.min(last, at) : at;
  const to = event.shiftKey && last >= 0 ? Math.max(last, at) : at;
  for (const box of boxes.slice(from, to + 1)) pick(box, event.target.checked);
  last = at;
  keep();
  if (event.shiftKey) say(`${chosen.size} selected.`);
}

// What is selected on other pages goes along.
function addOthers() {
  for (const old of form.querySelectorAll("[data-other]")) old.remove();
  const here = new Set(boxes.map((box) => box.value));
  for (const name of chosen) {
    if (here.has(name)) continue;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "name", value: name });
    input.dataset.other = "";
    form.append(input);
  }
}

if (boxes.length) {
  for (const box of boxes) box.checked = chosen.has(box.value);
  const all = form.querySelector("[data-pick-all]");
  all.hidden = false;
  form.addEventListener("click", pickOne);
  all.addEventListener("change", () => {
    for (const box of boxes) pick(box, all.checked);
    keep();
  });
  form.querySelector("[data-pick-none]").addEventListener("click", () => {
    chosen.clear();
    for (const box of boxes) box.checked = false;
    keep();
  });
  form.addEventListener("submit", addOthers);
  show();
}
