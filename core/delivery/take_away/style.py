"""What the report looks like beyond what all reports have in common: charts, matrices,
statements."""

from __future__ import annotations

STYLE = """
.said { list-style: none; margin: 1rem 0; padding: 0; }
.said li { margin: .45rem 0; padding-left: 1.6rem; position: relative; }
.said li::before { position: absolute; left: 0; font-weight: 700; content: "·"; }
.said .good::before { content: "✓"; color: var(--good); }
.said .caution::before { content: "!"; color: var(--bad); }
.said .bad::before { content: "✗"; color: var(--bad); }
.about { min-width: 11rem; }
.figures dd.soft { font-size: .85rem; }
.scale { margin: .5rem 0 1rem; max-width: 44rem; }
.chart { margin: .75rem 0 1rem; max-width: 34rem; break-inside: avoid; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
  gap: .5rem 1.5rem; }
.chart .item { display: inline-block; margin-right: 1.2rem; white-space: nowrap; }
.chart .swatch { display: inline-block; width: 1.7rem; height: .6rem; margin-right: .35rem; }
svg .axis { stroke: var(--line); stroke-width: 1; }
svg .line { fill: none; stroke-width: 2.2; } svg .dash { stroke-dasharray: 6 4; }
svg .sa { stroke: var(--a); } svg .sb { stroke: var(--b); } svg .sc { stroke: var(--c); }
svg circle.fa { fill: var(--a); fill-opacity: 1; }
svg circle.fb { fill: var(--b); fill-opacity: 1; }
svg circle.fc { fill: var(--c); fill-opacity: 1; }
svg .band { stroke: var(--a); stroke-width: 5; stroke-opacity: .25; }
svg .ia { fill: var(--a); } svg .ib { fill: var(--b); } svg .ring { fill: none; }
.matrix { width: auto; max-width: 100%; border-collapse: separate; border-spacing: 2px;
  margin: .75rem 0; font-size: .85rem; }
.matrix th, .matrix td { border: 0; padding: .2rem .3rem; min-width: 0; vertical-align: middle; }
.matrix td { text-align: center; min-width: 2.1rem; border-radius: .15rem;
  font-variant-numeric: tabular-nums; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
.matrix thead th { vertical-align: bottom; text-align: left; }
.matrix thead th div { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 9rem;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.matrix tbody th { text-align: right; white-space: nowrap; max-width: 12rem; overflow: hidden;
  text-overflow: ellipsis; }
.matrix .hot { color: #fff; font-weight: 600; }
.matrix .corner { font-weight: 400; white-space: nowrap; }
svg.wide { max-width: 60rem; } svg.wide text { font-size: 10px; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem;
  margin: .5rem 0 1rem; padding: 0; list-style: none; }
.pairs li { padding: .5rem; background: var(--card); border-radius: .4rem; font-size: .8rem;
  line-height: 1.35; break-inside: avoid; }
.pairs .both { display: grid; grid-template-columns: 1fr 1fr; gap: .35rem; margin-bottom: .35rem; }
.pairs img { display: block; width: 100%; height: 8rem; object-fit: contain; }
.pairs img.tiny { image-rendering: pixelated; }
.pairs .none { display: grid; place-items: center; height: 8rem; color: var(--soft);
  border: 1px dashed var(--line); }
.pairs .strip { grid-template-columns: repeat(3, 1fr); gap: .3rem; margin: .35rem 0 0; }
.pairs .strip li { padding: 0; background: none; }
.pairs .strip img { height: 4.6rem; }
pre { padding: .75rem; background: var(--card); border-radius: .4rem; font-size: .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; max-width: 100%; }
nav a, a { color: inherit; }
@media print { .pairs { grid-template-columns: repeat(3, 1fr); } .pairs img { height: 6rem; }
  .matrix { font-size: 7.5pt; } section { break-inside: auto; } pre { font-size: 7.5pt; }
  .charts { grid-template-columns: 1fr 1fr; } .chart { max-width: 100%; } }
"""
