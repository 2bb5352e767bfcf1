/** Style of the report: one column of text, tables that scroll on their own with a shadow at the side where more is, both colour schemes, and paper. No font or image is fetched. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d1d1f; --soft: #5c5c63; --paper: #fdfdfb; --line: #d9d9d4; --shade: #f3f3ee; --bad: #a11d1d; --mark: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e4; --soft: #a5a5a0; --paper: #17181a; --line: #3a3b3e; --shade: #212225; --bad: #ff8a80; --mark: #ffca66; } }
* { box-sizing: border-box; }
html { font: 16px/1.55 Charter, "Bitstream Charter", Georgia, "DejaVu Serif", serif; color: var(--ink); background: var(--paper); }
body { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.5rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
p, li { max-width: 46rem; }
.lede { color: var(--soft); margin-top: 0; }
.statement { border-left: 3px solid var(--mark); padding: .3rem 0 .3rem 1rem; }
figure { margin: 1.6rem 0; break-inside: avoid; }
figure .chart { background: #fff; border: 1px solid var(--line); border-radius: 6px; padding: .5rem; overflow-x: auto; }
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
figcaption { color: var(--soft); font-size: .9rem; margin-top: .5rem; max-width: 46rem; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; background: linear-gradient(90deg, var(--paper) 1.5rem, transparent 3rem) local, linear-gradient(270deg, var(--paper) 1.5rem, transparent 3rem) 100% 0 local, linear-gradient(90deg, var(--soft), transparent .8rem) scroll, linear-gradient(270deg, var(--soft), transparent .8rem) scroll; }
.scroll:focus-visible { outline: 2px solid var(--mark); }
.beside { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: flex-start; }
.beside .scroll { flex: 0 1 auto; max-width: 100%; }
.beside caption { max-width: 34rem; }
.beside tbody th { max-width: 15rem; }
table { border-collapse: collapse; font: .82rem/1.4 "DejaVu Sans", Verdana, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .28rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--line); background: color-mix(in srgb, var(--shade) 60%, transparent); white-space: nowrap; }
th.mono { white-space: nowrap; overflow-wrap: normal; }
.number { text-align: right; white-space: nowrap; }
.group > * { border-top: 2px solid var(--line); }
.parts { min-width: 17rem; }
.minor { color: var(--soft); font-size: .92em; font-weight: normal; }
.bad { color: var(--bad); font-weight: bold; }
.tag { font-weight: bold; white-space: nowrap; }
.unverified { color: var(--mark); }
code, .mono { font-family: "DejaVu Sans Mono", ui-monospace, monospace; font-size: .88em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .92rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --line: #bbb; --shade: #eee; --bad: #000; --mark: #000; }
  html { font-size: 10.5px; } body { max-width: none; padding: 0; }
  .scroll, figure .chart { overflow: visible; background: none; } figure .chart { border: 0; }
  tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
`;
