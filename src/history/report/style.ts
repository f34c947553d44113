// How the report looks, by light and by night.

export const style = `
:root{color-scheme:light dark;--line:#8884;--done:#4a90d9;--critical:#d9822b;--error:#d0342c;--cached:#7a9a7a}
body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:76em;padding:0 1em}
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}
table{border-collapse:collapse}
th,td{text-align:left;padding:.15em .8em .15em 0;border-bottom:1px solid var(--line);vertical-align:top}
.facts th{font-weight:600}
.timeline{list-style:none;padding:0}.timeline li{display:flex;gap:.6em;border-bottom:1px solid var(--line)}
.name{flex:0 0 38%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.lane{flex:1;position:relative}.time{flex:0 0 5em;text-align:right}
.bar{position:absolute;top:.25em;bottom:.25em;min-width:2px;background:var(--done);border-radius:2px}
.bar.critical{background:var(--critical)}.bar.error{background:var(--error)}.bar.cached{background:var(--cached)}
.graph{overflow-x:auto}.graph text{font:11px system-ui,sans-serif;fill:currentColor}
.graph rect{fill:none;stroke:var(--done)}.graph .cached rect{stroke:var(--cached)}
.graph .critical rect{stroke:var(--critical);stroke-width:2}.graph .error rect{stroke:var(--error)}
.graph path{fill:none;stroke:var(--line);stroke-width:1.5}
`;
