// Buttons that copy what they are beside.
export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS browsers keep the clipboard to the old way.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    await copy(source ? source.textContent : button.dataset.copy);
    button.classList.add("copied");
    say("Copied.");
    setTimeout(() => button.classList.remove("copied"), 1200);
  });
}
