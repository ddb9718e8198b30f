// The page of a staging while it runs: parts that the server sends, or that are asked for instead.
const POLL_MILLISECONDS = 2000;
// Asked for so often, it is time to try again whether there is room for a stream.
const POLLS_BEFORE_STREAM = 10;

const place = document.querySelector("[data-staging-stream]");
const away = place.querySelector("[data-away]");
let stream = null;
let timer = null;
let polls = 0;
let ended = false;

function show(parts) {
  away.hidden = true;
  for (const part of place.querySelectorAll("[data-part]")) {
    const html = parts[part.dataset.part];
    // A question that is open stays open, until its answer would be another.
    if (part.dataset.shown === html) continue;
    part.dataset.shown = html;
    part.innerHTML = html;
  }
  ended = parts.ended;
  if (ended) stop();
}

function stop() {
  stream?.close();
  stream = null;
  clearTimeout(timer);
  timer = null;
}

function listen() {
  stop();
  if (ended || document.hidden) return;
  stream = new EventSource(place.dataset.stagingStream);
  stream.addEventListener("staging", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("away", () => { away.hidden = false; });
  stream.addEventListener("reload", () => { stop(); location.reload(); });
  stream.addEventListener("error", () => {
    if (ended) return;
    stop();
    polls = 0;
    poll();
  });
}

async function poll() {
  timer = null;
  if (ended || document.hidden) return;
  try {
    const answer = await fetch(place.dataset.stagingParts, { headers: { Accept: "application/json" } });
    if (answer.redirected) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    polls += 1;
  } catch {
    away.hidden = false;
    polls = POLLS_BEFORE_STREAM - 1;
  }
  if (ended) return;
  if (polls >= POLLS_BEFORE_STREAM && away.hidden) listen();
  else timer = setTimeout(poll, POLL_MILLISECONDS);
}

document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
listen();
