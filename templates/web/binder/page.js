"use strict";
const all = [...document.querySelectorAll("#towns tbody tr")];
const field = document.getElementById("q");
const said = document.getElementById("found");
const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim();
const words = all.map((row) => plain(row.dataset.find));

function look() {
  const wanted = plain(field.value).replace(/^(\d{5})-\d{0,4}$/, "$1");
  let many = 0;
  all.forEach((row, no) => {
    row.hidden = !` ${words[no]}`.includes(` ${wanted}`);
    many += row.hidden ? 0 : 1;
  });
  said.textContent = wanted ? `${many} of ${all.length} towns` : "";
}

/* CAP 1.2 section 3.3.2: the local hour and its distance from UTC, in whole seconds */
function stamped(moment) {
  const east = -moment.getTimezoneOffset();
  const two = (value) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  const local = new Date(moment.getTime() + east * 60000).toISOString().slice(0, 19);
  return `${local}${east < 0 ? "-" : "+"}${two(east / 60)}:${two(east % 60)}`;
}

function now(button) {
  const shown = button.closest("details").querySelector("pre");
  const moment = new Date();
  const times = { sent: moment, onset: moment, expires: new Date(moment.getTime() + 7200000) };
  let text = shown.textContent;
  for (const [name, time] of Object.entries(times)) {
    text = text.replace(new RegExp(`<${name}>[^<]*</${name}>`, "g"), `<${name}>${stamped(time)}</${name}>`);
  }
  text = text.replace(/<identifier>([^<.]*)[^<]*</, `<identifier>$1.${moment.getTime()}<`);
  shown.textContent = text;
  button.nextElementSibling.textContent = "Set. Mark all of it and copy it.";
}

document.querySelectorAll(".scripted").forEach((each) => { each.hidden = false; });
document.querySelectorAll(".scriptless").forEach((each) => { each.hidden = true; });
document.querySelectorAll("button.now").forEach((each) => each.addEventListener("click", () => now(each)));
document.getElementById("find").hidden = false;
document.getElementById("find").addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("input", look);
