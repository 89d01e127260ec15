/** The look of a report: light and dark, and for paper. */
export const reportStyle = `
:root{color-scheme:light dark;--text:#16202a;--muted:#55626e;--page:#fff;--line:#dce2e6;--soft:#eef1f3;--good:#0a6f7d;--bad:#b3261e;--open:#8a959d}
@media(prefers-color-scheme:dark){:root{--text:#e7ecef;--muted:#9caab4;--page:#171c21;--line:#2a333a;--soft:#20272d;--good:#54c6d4;--bad:#ff8a80;--open:#66737d}}
body{margin:0;background:var(--page);color:var(--text);font:14px/1.5 system-ui,sans-serif}
main{max-width:1100px;margin:0 auto;padding:24px}
h1{margin:0;font-size:24px;overflow-wrap:anywhere}h2{margin:32px 0 12px;font-size:16px}
.muted,small{color:var(--muted)}
.tiles{display:flex;flex-wrap:wrap;gap:8px 32px;margin:16px 0}
dt{color:var(--muted);font-size:12px}dd{margin:0;font-size:18px;font-weight:600;font-variant-numeric:tabular-nums}
dd small{font-size:12px;font-weight:400}
.beside{display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}caption{padding:4px 0;text-align:left;color:var(--muted)}
th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{font-weight:400}.wide{width:100%}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:16px;margin:0;padding:0;list-style:none}
.pictures img{display:block;width:100%;height:160px;object-fit:contain;background:var(--soft);border-radius:6px}
.pictures p{margin:4px 0 0;overflow-wrap:anywhere}
.chip{font-weight:600}.chip.odd{color:var(--bad)}.chip.normal{color:var(--good)}
svg text{fill:var(--muted);font:11px system-ui,sans-serif}svg .axis{stroke:var(--line)}svg .line{fill:none;stroke:var(--good);stroke-width:2}
svg .chance{stroke:var(--open);stroke-dasharray:4 4}svg .from{stroke:var(--text);stroke-dasharray:2 3}
svg .good{fill:var(--good)}svg .bad{fill:var(--bad)}svg .open{fill:var(--open)}svg .dot{fill:var(--text)}svg .title{fill:var(--text);font-weight:600}
summary{cursor:pointer;margin:24px 0 8px;font-weight:600}
@media print{details{display:block}.pictures li{break-inside:avoid}}
`
