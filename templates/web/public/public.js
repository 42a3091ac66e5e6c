// Makes open pages honest and quick; without it everything still works.
"use strict";

const EVERY_MS = 15000;
let seen = null;

// The server's clock decides: the reader's may be wrong by minutes.
function age(asOf, response) {
  const now = Date.parse(response?.headers.get("date")) || Date.now();
  return (now - Date.parse(asOf)) / 1000;
}

function showStale(since) {
  const place = document.getElementById("stale");
  if (!place || place.firstElementChild) return;
  const line = document.createElement("p");
  line.className = "stale ours";
  line.setAttribute("role", "alert");
  const strong = document.createElement("strong");
  strong.textContent = "This page has not been refreshed since " + new Date(since).toLocaleTimeString() + ".";
  line.append(strong, " What it says may be out of date. In an emergency, try 911 first; if it fails, use the number below.");
  place.append(line);
}

async function look() {
  const loaded = document.getElementById("as-of")?.dataset.asOf;
  try {
    const response = await fetch("/status.json", { cache: "no-cache" });
    const status = await response.json();
    const version = status.changed + status.state;
    if (seen !== null && seen !== version && document.activeElement?.id !== "q") return location.reload();
    seen = version;
    if (age(status.as_of, response) > status.stale_after_seconds) showStale(status.as_of);
    else document.querySelector("#stale .ours")?.remove();
  } catch {
    if (loaded && age(loaded) > 60) showStale(loaded);
  }
}

// Plain file servers have no /find: an exact town or ZIP is found in the published table.
async function find(event) {
  const form = event.target;
  const lang = form.elements.lang?.value;
  const wanted = form.q.value.trim().toLowerCase();
  event.preventDefault();
  try {
    const table = await (await fetch("/lookup.json")).json();
    const found = table.towns.filter((town) => town.name.toLowerCase() === wanted || town.zips.includes(wanted));
    if (found.length === 1) return location.assign("/town/" + encodeURIComponent(found[0].code) + ".html" + (lang ? "#" + lang : ""));
  } catch {
    // The server answers the form then.
  }
  form.submit();
}

document.querySelectorAll("form.find").forEach((form) => form.addEventListener("submit", find));
look();
setInterval(look, EVERY_MS);
