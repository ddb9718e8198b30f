// The search box: Enter searches, the forms of a search change places, a count can be cancelled.
function box() {
  return document.getElementById("search-text");
}

document.addEventListener("keydown", (event) => {
  if (event.target !== box() || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-form]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    box().value = link.dataset.form;
    box().focus();
    box().dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  const cancel = event.target.closest("[data-cancel-count]");
  if (cancel) cancel.form.dispatchEvent(new CustomEvent("htmx:abort"));
});

// From the sentence to the place: a click on it sets the cursor there.
document.addEventListener("click", (event) => {
  const mistake = event.target.closest(".mistake[data-offset]");
  if (!mistake) return;
  const at = Number(mistake.dataset.offset);
  box().focus();
  box().setSelectionRange(at, at + 1);
});
