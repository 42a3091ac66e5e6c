"""The one stylesheet and the one script of the simulator's pages; nothing is loaded from elsewhere."""

from __future__ import annotations

STYLE = """
:root { --ink:#1b1b1b; --soft:#5c6670; --line:#d6dbe0; --paper:#f4f6f8; --card:#fff; --blue:#005ea2; --mine:#0b6bcb;
  --bad:#b50909; --good:#1d6b37; color-scheme: light }
* { box-sizing: border-box }
body { margin:0; font:16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color:var(--ink);
  background:var(--paper) }
header { background:#162e51; color:#fff; padding:.7rem 1.2rem; display:flex; gap:1rem; align-items:center;
  flex-wrap:wrap }
header a { color:#fff; text-decoration:none; font-weight:600 }
header small { opacity:.8; flex:1 1 14rem }
main { max-width:72rem; margin:0 auto; padding:1.2rem }
h2 { font-size:1.1rem; margin:1.4rem 0 .6rem }
input, select, button { font:inherit; padding:.35rem .55rem; border:1px solid #8b959e; border-radius:.35rem;
  background:#fff; color:var(--ink); min-width:0 }
button { background:var(--blue); border-color:var(--blue); color:#fff; cursor:pointer; font-weight:600 }
button.stop { background:var(--bad); border-color:var(--bad) }
button.quiet { background:#fff; color:var(--blue) }
:focus-visible { outline:3px solid #2491ff; outline-offset:1px }
.tiles { display:grid; gap:.7rem; grid-template-columns:repeat(auto-fill, minmax(9.5rem, 1fr)) }
.tile, .card { background:var(--card); border:1px solid var(--line); border-radius:.6rem; padding:.7rem .9rem }
.tile b { display:block; font-size:1.5rem; font-variant-numeric:tabular-nums }
.tile span { color:var(--soft); font-size:.85rem }
.tile.bad b { color:var(--bad) } .tile.good b { color:var(--good) }
.phones { display:grid; gap:.7rem; grid-template-columns:repeat(auto-fill, minmax(17rem, 1fr)) }
.phones a { color:inherit; text-decoration:none; display:block }
.phones a:hover .card { border-color:var(--blue) }
.phones p { margin:.25rem 0 0; color:var(--soft); font-size:.88rem; overflow:hidden; display:-webkit-box;
  -webkit-line-clamp:3; -webkit-box-orient:vertical; overflow-wrap:anywhere }
.knobs { display:grid; gap:.6rem 1rem; grid-template-columns:repeat(auto-fill, minmax(15rem, 1fr)) }
.knobs label { display:block; font-size:.85rem } .knobs label.set b { color:var(--bad) }
.knobs small { color:var(--soft); display:block } .knobs input, .knobs select { width:100% }
.error { background:#fbe9e9; border-left:.4rem solid var(--bad); padding:.6rem .9rem; margin:0 0 1rem }
.handset { width:min(24rem, 100%); margin:0 auto; background:#0d1117; border-radius:2.6rem; padding:.8rem;
  box-shadow:0 1rem 2.5rem #0004 }
.screen { background:#fff; border-radius:2rem; overflow:hidden; display:flex; flex-direction:column;
  min-height:36rem; max-height:80vh }
.top { text-align:center; padding:.9rem .5rem .6rem; background:#f2f2f7; border-bottom:1px solid var(--line) }
.top b { display:block; font-size:1.05rem } .top small { color:var(--soft) } .top .out { color:var(--bad) }
.talk { flex:1; overflow-y:auto; padding:.8rem; display:flex; flex-direction:column; gap:.15rem }
.bubble { max-width:82%; padding:.5rem .75rem; border-radius:1.1rem; background:#e5e5ea; white-space:pre-wrap;
  overflow-wrap:anywhere }
.bubble.mine { align-self:flex-end; background:var(--mine); color:#fff }
.bubble.lost { background:#fff; border:1px dashed var(--bad) }
.when { color:var(--soft); font-size:.72rem; margin:0 .5rem .5rem } .when.mine { align-self:flex-end }
.say { display:flex; gap:.4rem; padding:.6rem; border-top:1px solid var(--line); flex-wrap:wrap }
.say input { flex:1 1 8rem; border-radius:1.2rem }
.say button { border-radius:1.2rem }
"""

# The live part of a page is fetched again and replaced; forms are outside it, so nobody loses what they type.
SCRIPT = """
setInterval(async () => {
  const live = document.querySelector('[data-live]');
  if (!live || document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live]');
  if (fresh && fresh.innerHTML !== live.innerHTML) { live.innerHTML = fresh.innerHTML; live.scrollTop = 1e9; }
}, 2000);
for (const talk of document.querySelectorAll('.talk')) talk.scrollTop = 1e9;
"""
