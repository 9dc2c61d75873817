/** The style sheet of a report; nothing is fetched. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #6b7280; --rule: #e2e5ea; --ground: #fff; --good: #1a7f4b; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #9aa3ad; --rule: #333a42; --ground: #14181d; --good: #5fd39a; --bad: #ff8a80 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid var(--rule); padding-top: 1rem }
.soft, figcaption, .legend { color: var(--soft); font-size: .85rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .87rem }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--rule); vertical-align: top }
ul { padding-left: 1.2rem } .good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
figure { margin: 1rem 0; max-width: 760px } svg { width: 100%; height: auto; font: 11px system-ui, sans-serif }
svg text { fill: var(--soft) } .rule { stroke: var(--rule) } .line, .window, .limit { fill: none; stroke-width: 1.8 }
.limit { stroke: var(--bad); stroke-dasharray: 6 4 } .window { stroke: var(--ink) } .accepted { fill: #4f9d69 } .refused { fill: #d9a441 }
.legend span { margin-right: 1.2rem; white-space: nowrap } .legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; vertical-align: -1px }
i.accepted { background: #4f9d69 } i.refused { background: #d9a441 } i.window { background: var(--ink) } i.limit { background: var(--bad) }
${['#2f6fde', '#d9532c', '#3d9a5f', '#8a5cd1', '#c2991b', '#17a2a2', '#c7407f', '#7a7f87'].map((color, at) => `.c${at} { stroke: ${color} } i.c${at} { background: ${color} }`).join('\n')}
`
