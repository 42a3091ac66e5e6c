/* Keeps the board's numbers moving; the page is whole without it. Numbers change in place, so nobody loses their spot. */
"use strict";
const live = document.querySelector("[data-live]");
const line = document.querySelector("[data-line]");
const EVERY = 1000, SLOWEST = 15000;
let pause = EVERY;

function keyed(root) {
  return new Map(Array.from(root.querySelectorAll("[data-k]"), (node) => [node.dataset.k, node]));
}

function sync(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (!fresh.firstElementChild && old.textContent !== fresh.textContent) old.textContent = fresh.textContent;
}

function reorder(old, fresh) {
  if (!old || !fresh || old.contains(document.activeElement)) return;
  const order = Array.from(fresh.rows, (row) => row.dataset.k);
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
  reorder(live.querySelector("[data-rows]"), fresh.querySelector("[data-rows]"));
}

async function poll() {
  try {
    if (!document.hidden) {
      const address = new URL(location.href);
      address.searchParams.set("live", "1");
      const answer = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(8000) });
      if (!answer.ok) throw new Error("status " + answer.status);
      take(await answer.text());
      line.textContent = "These numbers move by themselves, every second.";
      line.classList.remove("red-text");
    }
    pause = EVERY;
  } catch (error) {
    pause = Math.min(SLOWEST, pause * 2);
    line.textContent = "The desk does not answer: these numbers stand still. Trying again; sending goes on without the desk.";
    line.classList.add("red-text");
  }
  setTimeout(poll, pause);
}
if (live && line) setTimeout(poll, EVERY);
