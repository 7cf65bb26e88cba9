/* page_style.h - how the HTML report looks: light and dark, wide, narrow and printed.
 */
#ifndef REPORT_PAGE_STYLE_H
#define REPORT_PAGE_STYLE_H

static const char page_style[] =
	":root{color-scheme:light dark;--paper:#fff;--card:#f7f8fa;--ink:#1f2933;--soft:#5b6773;--line:#dde2e7;"
	"--good:#0f7048;--good-back:#e4f5ec;--bad:#b42318;--bad-back:#fdecea;--warn:#8a5a00;--warn-back:#fdf3dc;"
	"--r0:#1f6fd0;--r1:#d9730d;--r2:#16885a;--r3:#b83280;--r4:#6b4fd8;--r5:#8a6a00;--r6:#0b8a9a;--r7:#64707d}\n"
	"@media screen and (prefers-color-scheme:dark){:root{--paper:#14191f;--card:#1b222a;--ink:#e6eaef;--soft:#9aa7b4;"
	"--line:#333c47;--good:#5fd39d;--good-back:#12301f;--bad:#ff8f85;--bad-back:#3a1714;--warn:#f0c260;"
	"--warn-back:#33270c;--r0:#5ea5f5;--r1:#f39c4a;--r2:#43c48d;--r3:#f07ab8;--r4:#a693ff;--r5:#d9b23c;--r6:#3cc5d6;"
	"--r7:#a9b4bf}.day{display:none}}\n"
	"@media screen and (prefers-color-scheme:light){.night{display:none}}\n"
	"@media print{.night{display:none}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,'Liberation Sans',Arial,sans-serif}\n"
	"main{max-width:1080px;margin:0 auto;padding:24px 16px 64px}\n"
	"h1{font-size:1.15rem;margin:0 0 12px}h2{font-size:1.3rem;margin:40px 0 8px}h3{font-size:1rem;margin:24px 0 4px}\n"
	"p{margin:6px 0;max-width:75ch}.soft,small{color:var(--soft)}small{display:block;font-weight:400;font-size:.85rem}\n"
	".verdict{border-left:6px solid;border-radius:6px;padding:14px 18px;margin:0 0 12px;overflow-wrap:anywhere}\n"
	".verdict p{font-size:1.25rem;line-height:1.4;color:var(--ink);max-width:none;margin:0}\n"
	".verdict p+p,.verdict li{font-size:1rem;color:var(--ink)}.verdict p+p{margin-top:6px}.verdict ul{margin:6px 0 0}\n"
	".many .verdict p{font-size:1rem}\n"
	".passed{border-color:var(--good);background:var(--good-back)}.failed{border-color:var(--bad);background:var(--bad-back)}\n"
	".invalid{border-color:var(--warn);background:var(--warn-back)}\n"
	".good{color:var(--good)}.bad{color:var(--bad)}.good,.bad{font-weight:600;white-space:nowrap}\n"
	".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}\n"
	"th,td{text-align:left;vertical-align:top;padding:7px 16px 7px 0;border-bottom:1px solid var(--line)}\n"
	"th{font-weight:600}thead th{color:var(--soft);font-size:.85rem;vertical-align:bottom}\n"
	"td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;padding-right:0;padding-left:16px}\n"
	"td.none{color:var(--soft)}td.best{font-weight:700}td.best::after{content:' \\2605';color:var(--good)}\n"
	".group th{padding-top:22px;font-size:1rem}tbody tr.group:first-child th{padding-top:8px}\n"
	".charts{display:grid;gap:16px;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));margin-top:12px}\n"
	"figure{margin:0;padding:16px 16px 12px;background:var(--paper);border:1px solid var(--line);border-radius:8px}\n"
	"figure svg{display:block;width:100%;height:auto}figcaption{color:var(--soft);font-size:.85rem;margin-top:8px}\n"
	".dot{display:inline-block;width:.7em;height:.7em;border-radius:50%;margin-right:.45em}\n"
	"details{margin:8px 0;border:1px solid var(--line);border-radius:8px;padding:8px 14px}\n"
	"summary{cursor:pointer;font-weight:600}details td{overflow-wrap:anywhere}details th{font-weight:400;color:var(--soft)}\n"
	"details td,details th{font-size:.9rem}tr.differs th::after{content:' \\2260';color:var(--warn);font-weight:700}\n"
	"a{color:inherit}footer{margin-top:48px;color:var(--soft);font-size:.85rem}\n"
	"@media print{details:not([open])>*{display:block}figure,tr{break-inside:avoid}main{padding:0}}\n";

#endif
