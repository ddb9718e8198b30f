// Adds the local time to what shows on hover over a time.
function addLocal(time) {
  const moment = new Date(time.dateTime);
  if (time.dataset.local !== "" || Number.isNaN(moment.valueOf())) return;
  time.dataset.local = "shown";
  time.title = `${time.title}\n${moment.toLocaleString()} here`;
}

export function showLocalTimes() {
  // Most times are never looked at so closely.
  const handle = (event) => {
    const time = event.target.closest?.("time[data-local]");
    if (time) addLocal(time);
  };
  document.addEventListener("pointerover", handle);
  document.addEventListener("focusin", handle);
}
