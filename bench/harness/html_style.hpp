// The style sheet of report.html. No font, script or image comes from outside: the page is one file
// that can be mailed, printed and read without a network.
#pragma once

namespace bench {

inline constexpr const char* html_style = R"css(
:root {
  color-scheme: light dark;
  --paper: #fdfcf9; --ink: #1f2328; --soft: #666c74; --rule: #e2dfd7; --band: #f4f2ec;
  --c1: #1f5fa8; --c2: #bd5716; --c3: #2c7a55; --c4: #85499a; --c5: #84741a; --bad: #b3261e;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #16181b; --ink: #e7e4dd; --soft: #9a9fa7; --rule: #30343a; --band: #1e2125;
    --c1: #74abea; --c2: #f09a62; --c3: #6fc59d; --c4: #c79adb; --c5: #cfbf62; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  -webkit-text-size-adjust: 100%;
}
h1, h2, .lead {
  font-family: "Iowan Old Style", Charter, "Palatino Linotype", Palatino, Georgia, serif;
  font-weight: 500;
}
h1, h2 { text-wrap: balance; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3.2rem 0 .5rem; }
p { max-width: 42rem; margin: .5rem 0 1rem; }
.lead { font-size: 1.12rem; color: var(--soft); margin: 0 0 1.5rem; }
code { font: .88em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
       overflow-wrap: anywhere; }
.plots { display: grid; gap: 1.75rem 2.5rem; margin: 1.5rem 0;
         grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)); }
figure { margin: 0; max-width: 32rem; break-inside: avoid; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink);
           font-variant-numeric: tabular-nums; }
svg .plot-title { font-size: 13px; font-weight: 600; }
svg .group { font-weight: 600; }
svg .tick { fill: var(--soft); font-size: 11px; }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .whisker { stroke-width: 1.25; opacity: .65; }
svg .s1 { stroke: var(--c1); } svg .dot.s1, svg .name.s1 { fill: var(--c1); }
svg .s2 { stroke: var(--c2); } svg .dot.s2, svg .name.s2 { fill: var(--c2); }
svg .s3 { stroke: var(--c3); } svg .dot.s3, svg .name.s3 { fill: var(--c3); }
svg .s4 { stroke: var(--c4); } svg .dot.s4, svg .name.s4 { fill: var(--c4); }
svg .s5 { stroke: var(--c5); } svg .dot.s5, svg .name.s5 { fill: var(--c5); }
svg .name { font-weight: 600; font-size: 11.5px; }
svg .budget { stroke: var(--bad); stroke-width: 2; }
svg .budget-name { fill: var(--bad); font-size: 11px; }
svg .name, svg .budget-name { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
svg .ours { fill: var(--c1); } svg .peer { fill: var(--soft); opacity: .6; }
svg .bar-whisker { stroke: var(--ink); stroke-width: 1.25; opacity: .7; }
svg .room { fill: var(--rule); } svg .over { fill: var(--bad); } svg .limit { stroke: var(--ink); }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .34rem .9rem .34rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; border-bottom: 1px solid var(--soft); }
td { border-bottom: 1px solid var(--rule); white-space: nowrap; }
.n { text-align: right; }
.spread { display: block; color: var(--soft); font-size: .87em; font-weight: 400; }
.bad { color: var(--bad); font-weight: 600; }
.why { white-space: normal; }
.caption { color: var(--soft); font-size: .85em; margin: 0; }
.budgets { width: 100%; max-width: 52rem; }
.budgets .what { white-space: normal; }
.budgets .gauge { width: 32%; padding-top: .7rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 34rem) {
  body { padding-top: 1.5rem; }
  h1 { font-size: 1.75rem; }
  th, td { padding-right: .65rem; }
  .budgets, .budgets tbody { display: block; }
  .budgets tr { display: grid; grid-template-columns: auto auto 1fr; column-gap: .35rem;
                padding: .5rem 0; border-bottom: 1px solid var(--rule); }
  .budgets td { border: 0; padding: .05rem 0; }
  .budgets .what, .budgets .gauge { grid-column: 1 / -1; width: auto; }
  .budgets .gauge { order: 1; padding-top: .25rem; }
  .budgets .verdict { text-align: right; }
}
@media print {
  @page { margin: 16mm; }
  body { padding: 0; max-width: none; font-size: 10pt; background: none; }
  h2 { break-after: avoid; margin-top: 1.8rem; }
  .plots { grid-template-columns: 1fr 1fr; gap: 1rem 1.5rem; }
  .scroll { overflow: visible; }
  table { font-size: 7.6pt; } th, td { padding-right: .5rem; }
  tr { break-inside: avoid; }
}
)css";

}  // namespace bench
