// Keys: `/` searches, arrows move in tables, `g` and a letter goes, `?` helps.
import { currentRow, moveRow, openRow, selectRow } from "./rows.js";

let going = 0;

function isTyping(target) {
  return target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

function go(key) {
  const link = [...document.querySelectorAll("#nav a[data-key]")].find((a) => a.dataset.key === key);
  if (link) location.assign(link.href);
}

export function openHelp() {
  const help = document.getElementById("help");
  if (help && !help.open) help.showModal();
}

const ACTIONS = {
  "/": () => (document.querySelector("[data-search-box]") ?? document.getElementById("global-search"))?.focus(),
  "?": openHelp,
  j: () => moveRow(1),
  k: () => moveRow(-1),
  ArrowDown: () => moveRow(1),
  ArrowUp: () => moveRow(-1),
  x: selectRow,
  Enter: openRow,
};

function handle(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]") || isTyping(event.target)) return;
  if (going && Date.now() - going < 1500) {
    going = 0;
    go(event.key);
    return;
  }
  if (event.key === "g") {
    going = Date.now();
    return;
  }
  // A link or button that has the focus is what Enter is for; arrows scroll without a table.
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  if (event.key.startsWith("Arrow") && event.target.closest("[role=tablist], [data-own-keys]")) return;
  const action = ACTIONS[event.key];
  if (!action || (["Enter", "x"].includes(event.key) && !currentRow())) return;
  if (action() !== false) event.preventDefault();
}

export function startKeyboard() {
  document.addEventListener("keydown", handle);
  for (const button of document.querySelectorAll("[data-open-help]")) {
    button.addEventListener("click", () => {
      button.closest("[popover]")?.hidePopover();
      openHelp();
    });
  }
}
