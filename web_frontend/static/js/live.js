// Parts of a page that htmx asks for again and again (`data-live`): only while somebody looks.
export function startLive() {
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (!source?.matches?.("[data-live]")) return;
    // A person who is about to act in it, or has unfolded some of it, would lose what they are at.
    const busy = source.querySelector("details[open], :popover-open, form:focus-within");
    if (document.hidden || busy) event.preventDefault();
  });
  // What was not asked for meanwhile is asked for at once.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const part of document.querySelectorAll("[data-live]")) {
      part.dispatchEvent(new CustomEvent("seen"));
    }
  });
}
