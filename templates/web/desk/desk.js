/* Comforts only: every page works without this file. */
"use strict";
function minutes() {
  for (const node of document.querySelectorAll("[data-since]")) {
    const passed = Math.max(0, Math.floor((Date.now() - Date.parse(node.dataset.since)) / 60000));
    node.textContent = passed < 120 ? passed + " min" : Math.floor(passed / 60) + " h " + String(passed % 60).padStart(2, "0") + " min";
  }
}
setInterval(minutes, 15000);

const map = document.querySelector("svg.map");
if (map) {
  const whole = document.getElementById("statewide");
  const box = (path) => document.getElementById("counties-" + path.dataset.county);
  const paint = () => {
    for (const path of map.querySelectorAll("path")) {
      path.classList.toggle("is-chosen", whole.checked || Boolean(box(path) && box(path).checked));
    }
  };
  map.classList.add("is-live");
  map.addEventListener("click", (event) => {
    const path = event.target.closest("path");
    if (path && box(path)) { box(path).checked = !box(path).checked; paint(); }
  });
  whole.form.addEventListener("change", paint);
  paint();
}

for (const part of document.querySelectorAll("[data-poll]")) {
  let pause = 4000;
  const look = async () => {
    try {
      if (!document.hidden) {
        const answer = await fetch(part.dataset.poll, { redirect: "error", signal: AbortSignal.timeout(8000) });
        if (!answer.ok) throw new Error("status " + answer.status);
        const words = await answer.text();
        if (part.dataset.words !== words && !part.contains(document.activeElement)) {
          part.innerHTML = words;
          part.dataset.words = words;
        }
      }
      pause = 4000;
    } catch (error) {
      pause = Math.min(30000, pause * 2);
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}

/* What is typed is kept as it is typed: 0.8 s after the last key, and once more when the page is left. */
const typed = document.querySelector("form[data-draft]");
if (typed) {
  const line = document.getElementById("kept-line");
  let due = 0, at = "";
  const words = document.body.dataset;
  const said = (sentence) => { if (line.textContent !== sentence) { line.textContent = sentence; } };
  const keep = () => {
    clearTimeout(due);
    due = 0;
    at = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
    fetch(typed.dataset.draft, { method: "POST", body: new FormData(typed), redirect: "manual", keepalive: true }).then(
      (answer) => said(answer.ok ? words.sayKept.replace("{at}", at) : words.sayEnded),
      () => said(words.saySilent));
  };
  const soon = () => { clearTimeout(due); due = setTimeout(keep, 800); };
  typed.addEventListener("input", soon);
  typed.addEventListener("change", soon);
  document.addEventListener("visibilitychange", () => { if (due && document.visibilityState === "hidden" && !typed.dataset.sent) { keep(); } });
  typed.addEventListener("submit", () => { clearTimeout(due); due = 0; });
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
}
