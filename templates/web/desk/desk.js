/* Comforts only: every page works without this file. */
"use strict";
function minutes() {
  for (const node of document.querySelectorAll("[data-since]")) {
    const passed = Math.max(0, Math.floor((Date.now() - Date.parse(node.dataset.since)) / 60000));
    node.textContent = passed < 120 ? passed + " min" : Math.floor(passed / 60) + " h " + String(passed % 60).padStart(2, "0") + " min";
  }
}
setInterval(minutes, 15000);

/* What is new rings once and stands in the title until somebody looks. A browser lets no page sound that nobody has
   touched yet. */
const title = document.title;
function ring(words) {
  document.title = "(!) " + words + " - " + title;
  const Sound = window.AudioContext;
  if (!Sound) { return; }
  const sound = new Sound(), volume = sound.createGain();
  volume.gain.value = 0.3;
  volume.connect(sound.destination);
  for (const at of [0, 0.4, 0.8]) {
    const tone = sound.createOscillator();
    tone.frequency.value = 880;
    tone.connect(volume);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.25);
  }
  setTimeout(() => sound.close(), 3000);
}
for (const event of ["focus", "pointerdown", "keydown"]) { addEventListener(event, () => { document.title = title; }); }

for (const part of document.querySelectorAll("[data-poll]")) {
  const newest = () => { const found = part.querySelector("[data-newest]"); return found ? found.dataset.newest : ""; };
  let pause = 4000;
  const look = async () => {
    try {
      if (!document.hidden || part.dataset.ring) {
        const answer = await fetch(part.dataset.poll, { redirect: "error", signal: AbortSignal.timeout(8000) });
        if (!answer.ok) throw new Error("status " + answer.status);
        const words = await answer.text();
        if (part.dataset.words !== words && !part.contains(document.activeElement)) {
          const before = newest();
          part.innerHTML = words;
          part.dataset.words = words;
          if (part.dataset.ring && newest() && newest() !== before) { ring(part.dataset.ring); }
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
  for (const what of ["input", "change"]) { document.addEventListener(what, (event) => { if (event.target.form === typed) { soon(); } }); }
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
