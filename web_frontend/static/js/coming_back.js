// A page of a catalogue that is away looks for it, and comes back when it is there.
const EVERY_MS = 2000;

export function comeBack() {
  const failure = document.querySelector("[data-comes-back]");
  if (!failure) return;
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/healthz", { cache: "no-store" });
      if (answer.ok) location.replace(failure.dataset.comesBack);
    } catch {
      // The front end is away too: it is looked for again.
    }
  };
  setInterval(look, EVERY_MS);
}
