/* Keeps the board's numbers moving; the page is whole without it. Numbers change in place, so nobody loses their spot.
   They come as a stream of what has changed; while none arrives (a proxy in between, an old browser), the page asks. */
"use strict";
const live = document.querySelector("[data-live]");
const line = document.querySelector("[data-line]");
const EVERY = 1000, SLOWEST = 15000, FRESH = 4000, AGAIN = 30000;
let pause = EVERY, heard = -FRESH, source = null;

function keyed(root) {
  return new Map(Array.from(root.querySelectorAll("[data-k]"), (node) => [node.dataset.k, node]));
}

function sync(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (!fresh.firstElementChild && old.textContent !== fresh.textContent) old.textContent = fresh.textContent;
}

function reorder(old, order) {
  if (!old || !order || old.contains(document.activeElement)) return;
  if (order.join() === Array.from(old.rows, (row) => row.dataset.k).join()) return;
  const rows = keyed(old);
  old.append(...order.map((key) => rows.get(key)));
}

function take(html) {
  const fresh = new DOMParser().parseFromString("<div data-live>" + html + "</div>", "text/html").querySelector("[data-live]");
  const now = keyed(live), next = keyed(fresh);
  const loud = (root) => root.querySelectorAll(".loud").length + "/" + root.querySelectorAll("form").length;
  const same = now.size === next.size && Array.from(next.keys()).every((key) => now.has(key)) && loud(live) === loud(fresh);
  if (!same) {
    const open = live.querySelector("details")?.open;
    live.innerHTML = fresh.innerHTML;
    if (open) live.querySelector("details")?.setAttribute("open", "");
    return;
  }
  for (const [key, node] of next) sync(now.get(key), node);
  const rows = fresh.querySelector("[data-rows]");
  reorder(live.querySelector("[data-rows]"), rows && Array.from(rows.rows, (row) => row.dataset.k));
}

function say(moving) {
  line.textContent = moving ? line.dataset.moving : line.dataset.still;
  line.classList.toggle("red-text", !moving);
}

async function load() {
  const address = new URL(location.href);
  address.searchParams.set("live", "1");
  const answer = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(8000) });
  if (!answer.ok) throw new Error("status " + answer.status);
  take(await answer.text());
  say(true);
}

function moved(change) {
  const now = keyed(live);
  for (const [key, attributes, text] of change.parts) {
    const node = now.get(key);
    if (!node) return load();
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== null && node.textContent !== text) node.textContent = text;
  }
  reorder(live.querySelector("[data-rows]"), change.order);
  say(true);
}

function listen() {
  source = new EventSource(live.dataset.stream);
  source.addEventListener("moved", (event) => { heard = performance.now(); moved(JSON.parse(event.data)); });
  source.addEventListener("still", () => { heard = performance.now(); say(false); });
  // all who watch are told at the same moment: they do not all ask at the same moment
  source.addEventListener("whole", () => { heard = performance.now(); setTimeout(() => load().catch(() => say(false)), Math.random() * 700); });
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN); });
}

async function poll() {
  const streamed = performance.now() - heard < FRESH;
  try {
    if (!streamed && !document.hidden) await load();
    pause = EVERY;
  } catch (error) {
    pause = Math.min(SLOWEST, pause * 2);
    say(false);
  }
  setTimeout(poll, pause);
}
if (live && line) {
  if (window.EventSource) listen();
  setTimeout(poll, FRESH);
}
