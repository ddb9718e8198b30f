// The time in UTC; its Julian date and the local time on hover.
const UNIX_EPOCH_JD = 2440587.5;
const DAY_MS = 86400000;

export function startClock() {
  const clock = document.getElementById("clock");
  if (!clock) return;
  const show = () => {
    const now = new Date();
    clock.dateTime = now.toISOString();
    clock.textContent = `${now.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    clock.title = `JD ${(UNIX_EPOCH_JD + now / DAY_MS).toFixed(5)}\n${now.toLocaleString()} here`;
  };
  show();
  setInterval(() => document.hidden || show(), 1000);
}
