/* The map beside the list of places: it ticks and unticks what the list holds. Every page works without this file. */
"use strict";
(() => {
  const frame = document.querySelector(".where-map");
  if (!frame) return;
  const svg = frame.querySelector("svg"), bar = frame.querySelector(".map-bar"), pick = frame.querySelector("select");
  const line = frame.querySelector("[role=status]"), whole = document.getElementById("statewide");
  const typed = document.getElementById("names"), state = svg.getAttribute("viewBox"), named = svg.getAttribute("aria-label");
  const counties = Array.from(svg.querySelectorAll("path[data-county]"));
  let towns = [], options = [], apart = null, list = null, labels = null;

  const plain = (text) => text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const box = (kind, code) => document.getElementById(kind + "-" + code);
  const words = frame.dataset;  // what is said here, in the language of the page
  const say = (sentence) => { line.textContent = sentence; };
  const made = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const label = (input) => document.querySelector("label[for='" + input.id + "']").firstChild.textContent.trim();

  function paint() {
    const written = new Set(typed.value.split(/[,;\n]/).map(plain).filter(Boolean));
    const chosen = (kind, code) => whole.checked || Boolean(box(kind, code)?.checked);
    for (const path of counties) path.classList.toggle("is-chosen", chosen("counties", path.dataset.county));
    for (const town of towns) {
      const is = chosen("communities", town.dataset.town) || chosen("counties", town.dataset.of) || written.has(plain(town.dataset.name));
      town.classList.toggle("is-chosen", is);
      if (town.hasAttribute("role")) town.setAttribute("aria-selected", is);
      labels.querySelector("[data-name-of='" + town.dataset.town + "']")?.classList.toggle("is-on", is);
    }
  }

  function tick(input) {
    input.checked = !input.checked;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function choose(town) {
    const own = box("communities", town.dataset.town), county = box("counties", town.dataset.of);
    if (whole.checked) return say(words.sayWhole);
    if (county?.checked) return say(words.sayCounty.replace("{name}", label(county)));
    tick(own);
    say((town.classList.contains("is-chosen") ? words.sayOn : words.sayOff).replace("{name}", town.dataset.name));
  }

  function view(fips) {
    const county = counties.find((path) => path.dataset.county === fips);
    apart.append(...towns);
    for (const town of towns) for (const name of ["role", "tabindex", "aria-label", "aria-selected"]) town.removeAttribute(name);
    labels.replaceChildren();
    list.replaceChildren();
    frame.classList.toggle("is-zoomed", Boolean(county));
    svg.setAttribute("role", county ? "group" : "img");
    svg.setAttribute("aria-label", county ? words.sayMap.replace("{name}", label(box("counties", fips))) : named);
    options = county ? towns.filter((town) => town.dataset.of === fips) : [];
    svg.setAttribute("viewBox", county ? around(county) : state);
    say("");
    if (county) open(fips);
    paint();
  }

  /* The county with a margin, in the proportions of the state, so that the page does not jump. */
  function around(county) {
    const it = county.getBBox(), [, , width, height] = state.split(" ").map(Number);
    const wide = Math.max(it.width, it.height * width / height) * 1.06, tall = wide * height / width;
    return [it.x + it.width / 2 - wide / 2, it.y + it.height / 2 - tall / 2, wide, tall].join(" ");
  }

  function open(fips) {
    const name = label(box("counties", fips));
    list.setAttribute("aria-label", words.sayList.replace("{name}", name));
    list.append(...options);
    for (const town of options) {
      town.setAttribute("role", "option");
      town.setAttribute("tabindex", "-1");
      town.setAttribute("aria-label", town.dataset.name);
      write(town);
    }
    options.sort((one, other) => one.dataset.name.localeCompare(other.dataset.name));
    options[0]?.setAttribute("tabindex", "0");
    const drawn = new Set(options.map((town) => town.dataset.town));
    const missing = Array.from(document.querySelectorAll("[data-of='" + fips + "'] input")).filter((input) => !drawn.has(input.value)).map(label);
    if (missing.length) say(words.sayMissing.replace("{names}", missing.join(", ")));
  }

  /* A name where it has room; the others are said by the pointer and the keyboard. */
  function write(town) {
    const [, , wide, tall] = svg.getAttribute("viewBox").split(" ").map(Number), it = town.getBBox();
    const size = 12 * Math.max(wide / svg.clientWidth, tall / svg.clientHeight);
    if (it.width < town.dataset.name.length * size * 0.5 || it.height < size) return;
    const drawn = made("text", { x: it.x + it.width / 2, y: it.y + it.height / 2 + size / 3, "font-size": size, "data-name-of": town.dataset.town });
    drawn.textContent = town.dataset.name;
    labels.append(drawn);
  }

  function move(event) {
    const at = options.indexOf(document.activeElement), last = options.length - 1;
    if (at < 0) return;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (event.key === " " || event.key === "Enter") choose(options[at]);
    else if (event.key === "Escape") pick.focus();
    else if (to === undefined) return;
    event.preventDefault();
    if (to === undefined) return;
    const next = options[Math.min(last, Math.max(0, to))];
    options[at].setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }

  function start(found) {
    apart = made("g", { class: "towns", "aria-hidden": "true" });
    list = made("g", { role: "listbox", "aria-multiselectable": "true", class: "towns" });
    labels = made("g", { "aria-hidden": "true", class: "town-names" });
    for (const [code, fips, path] of found) {
      const input = box("communities", code);
      if (!input) continue;
      const town = made("path", { d: path, "data-town": code, "data-of": fips, "data-name": label(input) });
      town.append(made("title", {}));
      town.firstChild.textContent = town.dataset.name;
      towns.push(town);
    }
    svg.append(apart, list, labels);
    list.addEventListener("keydown", move);
    apart.append(...towns);
    for (const kind of ["input", "change"]) pick.addEventListener(kind, (event) => event.stopPropagation());
    pick.addEventListener("change", () => view(pick.value));
    view(pick.value);
    bar.hidden = false;
  }

  svg.classList.add("is-live");
  svg.addEventListener("click", (event) => {
    const path = event.target.closest("path");
    if (!path) return;
    if (path.dataset.town) choose(path);
    else if (frame.classList.contains("is-zoomed")) { pick.value = path.dataset.county; view(pick.value); }
    else if (box("counties", path.dataset.county)) tick(box("counties", path.dataset.county));
  });
  whole.form.addEventListener("change", paint);
  typed.addEventListener("input", paint);
  paint();
  if (frame.dataset.towns) {
    fetch(frame.dataset.towns, { redirect: "error" }).then((answer) => answer.ok ? answer.json() : Promise.reject(answer.status)).then(
      start, () => say(words.sayNone));
  }
})();
