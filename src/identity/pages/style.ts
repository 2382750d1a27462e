// The one style sheet of the account pages, inlined into each, so that a page is one answer and its policy names one hash.
// Works from 320 px up, in light and dark, at 200 % zoom and without motion. Colours come from pod/answer/look.ts.
// Class names say what a thing is, not what it looks like. No page has a `style` attribute: the policy would refuse it.

import { createHash } from 'node:crypto'

import { colours, typeface } from '../../pod/answer/look.ts'

const ground = `*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scrollbar-gutter:stable}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;background:var(--page);color:var(--text);font:1rem/1.6 ${typeface}}
h1,h2,h3,p,ul,ol,dl,dd,fieldset{margin:0;padding:0;border:0}
h1{font-size:1.6rem;line-height:1.25;font-weight:650;letter-spacing:-.015em;overflow-wrap:anywhere;text-wrap:balance}
h2{font-size:1.075rem;line-height:1.4;font-weight:620;overflow-wrap:anywhere}
h3{font-size:1rem;line-height:1.5;font-weight:600;overflow-wrap:anywhere}
:lang(zh) :is(h1,h2,h3){letter-spacing:0}
a{color:var(--link);text-underline-offset:.18em;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
b,strong{font-weight:620}
code,.code{font:.9em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
bdi{overflow-wrap:anywhere}
svg{flex:none;display:block}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:.35rem}
[tabindex="-1"]:focus{outline:0}
.soft{color:var(--soft)}.small{font-size:.875rem}
.skip{position:absolute;left:1rem;top:-4rem;padding:.5rem 1rem;background:var(--card);border-radius:.5rem;z-index:2}
.skip:focus{top:.75rem}`

const frame = `.top{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1rem;width:100%;max-width:68rem;margin:0 auto;padding:1rem 1.25rem}
.brand{display:inline-flex;align-items:center;gap:.55rem;min-height:2.5rem;color:var(--text);font-size:1.125rem;font-weight:680;letter-spacing:-.01em;text-decoration:none}
.brand svg{fill:var(--fill)}
.brand:hover{color:var(--link)}
.tools{display:flex;flex-wrap:wrap;align-items:center;justify-content:flex-end;gap:.25rem .35rem;min-width:0}.tools.tools>*{margin-top:0}.brand+.tools{margin-left:auto}
.who{color:var(--soft);font-size:.9rem;max-width:16rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.tools a,.tools .quiet{display:inline-flex;align-items:center;min-height:2.25rem;padding:0 .6rem;border-radius:.5rem;color:var(--soft);font-size:.9rem;text-decoration:none}
.tools .quiet{flex:none;white-space:nowrap}
.tools a:hover,.tools .quiet:hover{color:var(--text);background:var(--line)}
.tools [aria-current]{color:var(--text);font-weight:600}
[hidden]{display:none!important}
main{flex:1;width:100%;margin:0 auto;padding:.5rem 1.25rem 4rem}
.narrow{max-width:30.5rem}
@media (min-height:46rem){.narrow{padding-top:5vh}}
.wide{flex:1;width:100%;margin:0 auto;padding:.5rem 1.25rem 0;max-width:68rem;display:grid;gap:1.5rem 2.5rem;align-items:start;align-content:start}
.menu{min-width:0}.menu ul{list-style:none}
.menu summary{display:flex;justify-content:space-between;align-items:center;min-height:2.75rem;margin:0;padding:.25rem .9rem;border:1px solid var(--line);border-radius:.7rem;background:var(--card);color:var(--text);font-weight:600;list-style:none}
.menu summary::-webkit-details-marker{display:none}.menu summary::after{content:"";width:.5rem;height:.5rem;margin:-.25rem .2rem 0;border:solid var(--soft);border-width:0 2px 2px 0;transform:rotate(45deg)}
.menu [open]>summary{margin:0 0 .35rem}
.menu a{display:flex;align-items:center;gap:.65rem;min-height:2.5rem;padding:.25rem .75rem;border-radius:.6rem;color:var(--soft);text-decoration:none;line-height:1.3}
.menu a:hover{color:var(--text);background:var(--line)}
.menu [aria-current]{color:var(--link);background:var(--tint);font-weight:600}
.wide>main{padding:0 0 4rem;min-width:0;max-width:44rem;margin:0}
@media (min-width:56rem){.wide{grid-template-columns:14rem minmax(0,1fr);padding-top:1.5rem}
.menu{position:sticky;top:1rem}
@supports selector(::details-content){.menu summary{display:none}.menu details::details-content{content-visibility:visible;display:block;block-size:auto}}}
footer{width:100%;max-width:68rem;margin:0 auto;padding:1.25rem;color:var(--soft);font-size:.85rem;overflow-wrap:anywhere}`

const blocks = `.card{display:block;background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:1.75rem;box-shadow:0 1px 2px #0000000a,0 6px 24px #0000000a}
.card+.card,.stack>*+*{margin-top:1.25rem}
.lead{color:var(--soft);margin-top:.4rem}
.after{margin-top:1.25rem;text-align:center;color:var(--soft)}
.title{margin-bottom:1.5rem}.stack>.title{margin-bottom:1.75rem}.card>.title:last-child{margin-bottom:0}
.below{margin-top:.6rem}.tick+.below{margin:.1rem 0 0 1.9rem}
.asked>*+*{margin-top:1.25rem}.asked{margin:1.25rem 0;padding-top:1.25rem;border-top:1px solid var(--line)}
.address{overflow-wrap:anywhere}.origin{font-weight:560;overflow-wrap:anywhere}
.towards{margin-bottom:1.25rem;padding:.75rem;border-radius:.8rem;background:var(--page)}
.notice+*,.card>.title+.notice{margin-top:1.25rem}form[data-passkey]:not([hidden])~.unable{display:none}
.developers{margin-top:3rem}.developers>*+*{margin-top:.5rem}
.tile{display:flex;gap:1rem}.tile>div{min-width:0}.tile p{overflow-wrap:anywhere;font-size:.9rem;line-height:1.45;color:var(--soft);margin-top:.25rem}
.tile h2 a{text-decoration:none}.tile h2 a:hover{text-decoration:underline}.tile .mark{position:relative;top:.1rem}
.after-all{border-top:1px solid var(--line);margin-top:.6rem;padding-top:.6rem}
.fill>*+*{margin-top:.4rem}.fresh{border:2px solid var(--link)}
.row{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem}
.spread{justify-content:space-between}
.grow{flex:1;min-width:min(100%,11rem)}
.list{list-style:none}
.list>li{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;padding:1rem 0;border-top:1px solid var(--line)}
.list>li:first-child{border-top:0;padding-top:.25rem}.list>li:last-child{padding-bottom:.25rem}
.list h2{font-size:1rem}
.facts{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;color:var(--soft);font-size:.875rem}
.facts dt,.facts dd{display:inline}.facts dt::after{content:" "}.facts dd{overflow-wrap:anywhere}
.tag{display:inline-block;padding:.05rem .55rem;border-radius:1rem;background:var(--tint);color:var(--link);font-size:.8rem;font-weight:600;vertical-align:.1em}
.tag.good{background:var(--good-tint);color:var(--good)}.tag.bad{background:var(--bad-tint);color:var(--bad)}.tag.warn{background:var(--warn-tint);color:var(--warn)}
.notice{padding:.85rem 1rem;border-radius:.7rem;background:var(--tint)}
.notice.good{background:var(--good-tint);color:var(--good)}
.notice.warn{background:var(--warn-tint);color:var(--warn)}
.notice.bad{background:var(--bad-tint);color:var(--bad)}
.notice a:not(.button){color:inherit}.notice ul{padding-left:1.2rem}
.mark{display:grid;place-items:center;width:2.5rem;height:2.5rem;flex:none;border-radius:.75rem;background:var(--tint);color:var(--link);font-weight:650;overflow:hidden}
.mark.large{width:3.75rem;height:3.75rem;border-radius:1.1rem;font-size:1.5rem}
.mark img{width:100%;height:100%;object-fit:contain}
.secret{display:block;padding:.7rem .9rem;border:1px solid var(--line);border-radius:.6rem;background:var(--page);user-select:all;overflow-wrap:anywhere}
pre.secret{margin:0;white-space:pre-wrap}
.codes{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:.5rem}
.meter{display:block;width:100%;height:.5rem;border:0;border-radius:1rem;background:var(--line);overflow:hidden;appearance:none}
.meter::-webkit-meter-bar{border:0;height:.5rem;background:var(--line);border-radius:1rem}
.meter::-webkit-meter-optimum-value{background:var(--fill);border-radius:1rem}.meter::-moz-meter-bar{background:var(--fill)}
.meter::-webkit-meter-suboptimum-value,.meter::-webkit-meter-even-less-good-value{background:var(--bad);border-radius:1rem}`

const forms = `form>:not([type=hidden],[hidden])~*,.fields>*+*{margin-top:1.15rem}
h2+form{margin-top:1.15rem}
label,legend{display:block;padding:0;font-weight:560}
.hint{color:var(--soft);font-size:.875rem;margin-top:.15rem}
.wrong{color:var(--bad);font-size:.9rem;font-weight:560;margin-top:.35rem}
input:not([type=checkbox],[type=radio]),select{display:block;width:100%;min-height:2.85rem;margin-top:.4rem;padding:.5rem .8rem;border:1px solid var(--edge);border-radius:.6rem;background:var(--card);color:inherit;font:inherit;text-overflow:ellipsis}
input:not([type=checkbox],[type=radio]):focus,select:focus{outline:3px solid var(--link);outline-offset:-1px}
[aria-invalid=true]{border:2px solid var(--bad)!important}
input[type=checkbox],input[type=radio]{width:1.2rem;height:1.2rem;flex:none;margin:.2rem 0 0;accent-color:var(--fill)}
.tick{display:flex;gap:.7rem;align-items:flex-start;min-height:1.75rem;font-weight:400;cursor:pointer}
.choice{display:flex;gap:.8rem;align-items:flex-start;padding:.8rem .9rem;border:1px solid var(--edge);border-radius:.7rem;font-weight:400;cursor:pointer}
.choice+.choice{margin-top:.6rem}.choice:hover{background:var(--page)}
.choice:has(:checked){border-color:var(--link);background:var(--tint);box-shadow:inset 0 0 0 1px var(--link)}
.choice:has(:focus-visible){outline:3px solid var(--link);outline-offset:2px}.choice :focus-visible{outline:0}
button,.button{display:inline-flex;align-items:center;justify-content:center;gap:.5rem;min-height:2.75rem;padding:.5rem 1.2rem;border:1px solid transparent;border-radius:.65rem;background:var(--fill);color:var(--on-fill);font:inherit;font-weight:600;line-height:1.3;text-align:center;text-decoration:none;cursor:pointer}
button:hover,.button:hover{filter:brightness(1.08)}
.full{width:100%}
.plain{background:transparent;border-color:var(--edge);color:var(--text)}.plain:hover{background:var(--line);filter:none}
.equal{background:var(--tint);border:2px solid var(--link);color:var(--link)}
.danger{background:var(--bad);color:var(--card)}
.danger.plain{background:transparent;border-color:var(--bad);color:var(--bad)}.danger.plain:hover{background:var(--bad-tint)}
.slim{min-height:2.25rem;padding:.25rem .85rem;font-size:.9rem}
.quiet{min-height:2.25rem;padding:0 .6rem;background:none;color:var(--soft);font-weight:400}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}.pair>*{width:100%}
.or{margin:1.15rem 0;display:flex;align-items:center;gap:1rem;color:var(--soft);font-size:.9rem}.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line)}
details>summary{min-height:1.75rem;cursor:pointer;color:var(--link);font-weight:560}
details[open]>summary{margin-bottom:.9rem}`

const consent = `.app{display:flex;gap:1rem;align-items:center}.app>:last-child{min-width:0}.app+.hint{margin-top:.75rem}
.as{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;padding:.8rem 1rem;border:1px solid var(--line);border-radius:.8rem}.as>p{flex:1 1 13rem;min-width:0}
.may{list-style:none}.may>li{display:flex;gap:.7rem;padding:.3rem 0}.may svg{margin-top:.15rem;color:var(--link)}
.front{max-width:60rem;padding-top:6vh}.front h1{font-size:clamp(2rem,1.4rem + 3vw,3.1rem);letter-spacing:-.03em;max-width:16em}
.front .lead{font-size:1.15rem;max-width:36em;margin-top:1rem}
.front .row{margin-top:2rem}.front .row .button{min-height:3rem;padding:.5rem 1.6rem}
.three{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem;margin-top:3.5rem}
.three>*{padding:1.4rem}.three .card+.card{margin:0}.three svg{color:var(--link);margin-bottom:.8rem}.three p{color:var(--soft);margin-top:.3rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:1rem}.tiles>.card{margin:0;padding:1.25rem}
@media (max-width:30rem){.mark.large{width:3rem;height:3rem;border-radius:.9rem;font-size:1.25rem}form.tools{width:100%;flex-wrap:nowrap;justify-content:space-between}.card{padding:1.25rem}.top,main{padding-left:1rem;padding-right:1rem}}
@media (forced-colors:active){.choice:has(:checked){outline:2px solid Highlight}button,.button{border-color:ButtonText}}
@media print{.top,.menu,footer{display:none}}`

export const style = [colours, ground, frame, blocks, forms, consent].join('\n')

/** For `style-src`. */
export const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`
