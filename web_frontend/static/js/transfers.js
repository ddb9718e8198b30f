// Marking transfers: all of a page, how many are marked, and no update under one's hands.
function marks() {
  return [...document.querySelectorAll('#marked input[name="id"]')];
}

function count() {
  const number = marks().filter((mark) => mark.checked).length;
  const told = document.querySelector("[data-marked-count]");
  if (told) told.textContent = number ? `${number} marked` : "";
  return number;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-mark-all]")) {
    for (const mark of marks()) mark.checked = event.target.checked;
  }
  count();
});

let last = null;
document.addEventListener("click", (event) => {
  if (!event.target.matches('#marked input[name="id"]')) return;
  const all = marks();
  const here = all.indexOf(event.target);
  const from = last ? all.indexOf(last) : -1;
  if (event.shiftKey && from >= 0) {
    for (const mark of all.slice(Math.min(from, here), Math.max(from, here) + 1)) mark.checked = event.target.checked;
    count();
  }
  last = event.target;
});

document.addEventListener("htmx:before:request", (event) => {
  if (event.detail.ctx?.sourceElement?.id === "queue" && count()) event.preventDefault();
});
