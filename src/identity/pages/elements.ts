// The pieces that pages are made of: forms, fields, lists, notices, marks. Each input has a label, its hint and its problem
// are tied to it by aria-describedby, and a form that came back begins with a summary that takes the focus. Every form that
// acts carries the CSRF token because there is one function that makes forms.

import { dateText, timeText } from './format.ts'
import { html, type Html, type Value } from './html.ts'
import { icon } from './icons.ts'
import type { Language } from '../account/accounts.ts'
import type { Problem, Reauthentication } from './models.ts'
import type { Scene } from './scene.ts'
import { noticeTexts, refusal } from './words/refusals.ts'

export interface FormWish {
  /** This page's own address unless said otherwise. */
  readonly action?: string
  readonly hidden?: Readonly<Record<string, string>>
  readonly id?: string
}

export function form(scene: Scene, wish: FormWish, content: Value): Html {
  const hidden = Object.entries({ csrf: scene.frame.csrf, ...wish.hidden })
  return html`<form method="post" action="${wish.action ?? scene.frame.path}"${wish.id !== undefined && html` id="${wish.id}"`}>${hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}${content}</form>`
}

/** A form that is nothing but its button. `named` says to whom it speaks where several look alike. */
export function act(
  scene: Scene,
  wish: FormWish & { readonly label: string; readonly named?: string; readonly look: string },
): Html {
  const name = wish.named !== undefined && html` aria-label="${wish.named}"`
  return form(scene, wish, html`<button class="${wish.look}"${name}>${wish.label}</button>`)
}

export interface FieldWish {
  readonly name: string
  readonly label: string
  readonly hint?: string | undefined
  readonly type?: 'text' | 'email' | 'password' | 'url'
  readonly value?: string
  readonly autocomplete: string
  readonly isOptional?: boolean
  readonly hasFocus?: boolean
  /** Names and codes: no capitals, no correction. */
  readonly isVerbatim?: boolean
  readonly maxLength?: number
}

export function field(scene: Scene, wish: FieldWish): Html {
  const { name, label, hint } = wish
  const problem = scene.frame.problems.find((one) => one.field === name)
  const takesFocus = wish.hasFocus === true && scene.frame.problems.length === 0
  const input = html`<input id="${name}" name="${name}" type="${wish.type ?? 'text'}" value="${wish.value ?? ''}" autocomplete="${wish.autocomplete}"${
    wish.maxLength !== undefined && html` maxlength="${wish.maxLength}"`
  }${wish.isOptional !== true && html` required`}${wish.isVerbatim === true && html` autocapitalize="none" autocorrect="off" spellcheck="false"`}${described(name, hint, problem)}${takesFocus && html` autofocus`}>`
  return html`<div><label for="${name}">${label}</label>${hintOf(name, hint)}${input}${problemOf(scene, name, problem)}</div>`
}

export interface Option {
  readonly value: string
  readonly label: string
}

export function select(
  scene: Scene,
  wish: Pick<FieldWish, 'name' | 'label' | 'hint' | 'value'> & { readonly options: readonly Option[] },
): Html {
  const { name, label, hint, options, value } = wish
  const problem = scene.frame.problems.find((one) => one.field === name)
  const rows = options.map(
    (option) =>
      html`<option value="${option.value}"${option.value === value && html` selected`}>${option.label}</option>`,
  )
  return html`<div><label for="${name}">${label}</label>${hintOf(name, hint)}<select id="${name}" name="${name}"${described(name, hint, problem)}>${rows}</select>${problemOf(scene, name, problem)}</div>`
}

export function tick(
  scene: Scene,
  wish: Pick<FieldWish, 'name' | 'label' | 'hint'> & { readonly isOn?: boolean; readonly isNeeded?: boolean },
): Html {
  const { name, label, hint } = wish
  const problem = scene.frame.problems.find((one) => one.field === name)
  return html`<div><label class="tick" for="${name}"><input type="checkbox" id="${name}" name="${name}" value="on"${wish.isOn === true && html` checked`}${wish.isNeeded === true && html` required`}${described(name, hint, problem)}><span>${label}</span></label>${
    hint !== undefined && html`<p class="hint below" id="${name}-hint">${hint}</p>`
  }${problemOf(scene, name, problem)}</div>`
}

function described(name: string, hint: string | undefined, problem: Problem | undefined): Html {
  const ids = [...(hint === undefined ? [] : [`${name}-hint`]), ...(problem === undefined ? [] : [`${name}-wrong`])]
  return html`${ids.length > 0 && html` aria-describedby="${ids.join(' ')}"`}${problem !== undefined && html` aria-invalid="true"`}`
}

function hintOf(name: string, hint: string | undefined): Value {
  return hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`
}

function problemOf(scene: Scene, name: string, problem: Problem | undefined): Value {
  return problem !== undefined && html`<p class="wrong" id="${name}-wrong">${refusal(problem, scene.language)}</p>`
}

/** What was wrong, with the focus, above everything; else what has just been done. */
export function news(scene: Scene): Value {
  const { frame, language } = scene
  if (frame.problems.length > 0) {
    return html`<div class="notice bad" id="problems" role="alert" tabindex="-1" autofocus>${summary(scene)}</div>`
  }
  if (frame.notice === undefined) return undefined
  return html`<p class="notice good" role="status">${noticeTexts[language][frame.notice]}</p>`
}

function summary({ frame: { problems }, words, language }: Scene): Html {
  if (problems.every((one) => one.field === undefined))
    return html`${problems.map((one) => html`<p>${refusal(one, language)}</p>`)}`
  const rows = problems.map((one) => {
    const text = refusal(one, language)
    return one.field === undefined ? html`<li>${text}</li>` : html`<li><a href="#${one.field}">${text}</a></li>`
  })
  return html`<p><strong>${words.summary(rows.length)}</strong></p><ul>${rows}</ul>`
}

export function heading(title: string, lead?: string): Html {
  return html`<div class="title"><h1>${title}</h1>${lead !== undefined && html`<p class="lead">${lead}</p>`}</div>`
}

export type Fact = readonly [name: string, value: Value] | false | undefined

export function facts(rows: readonly Fact[]): Html {
  const shown = rows.flatMap((row) => (row === false || row === undefined ? [] : [row]))
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** An address that wraps after its slashes, and within a word only when nothing else helps. */
export function breakable(url: string): Html {
  return html`<bdi class="address">${url.split(/(?<=[^/]\/)(?=[^/])/).map((part, index) => html`${index > 0 && html`<wbr>`}${part}`)}</bdi>`
}

export function date(ms: number, language: Language): Html {
  return html`<time datetime="${new Date(ms).toISOString()}">${dateText(ms, language)}</time>`
}

export function time(ms: number, language: Language): Html {
  return html`<time datetime="${new Date(ms).toISOString()}">${timeText(ms, language)}</time>`
}

/** Asks again who it is, before something grave; `grave` is the rest of the form. Without a way to ask, only a link. */
export function asking(scene: Scene, ask: Reauthentication, grave: (password: Value) => Html): Html {
  const { words } = scene
  if (ask.by === 'logIn') {
    return html`<div class="fields"><p>${words.logInAgainHint}</p><p><a class="button" href="${ask.link}">${words.logInAgain}</a></p></div>`
  }
  if (ask.by === 'session') return grave(undefined)
  const password = field(scene, {
    name: 'password',
    label: words.yourPassword,
    hint: words.yourPasswordHint,
    type: 'password',
    autocomplete: 'current-password',
  })
  return grave(html`${userName(scene.frame.member?.label)}${password}`)
}

/** Unseen and not sent: so that a password keeper knows whose password is asked for. */
export function userName(name: string | undefined): Value {
  return name !== undefined && html`<input type="text" autocomplete="username" value="${name}" readonly hidden>`
}

export function passkeyForm(
  kind: 'login' | 'register',
  links: { readonly options: string; readonly verify: string },
  parts: { readonly content: Value; readonly failed: string },
): Html {
  return html`<form method="post" data-passkey="${kind}" data-options="${links.options}" data-verify="${links.verify}" hidden>${parts.content}<p class="wrong" data-passkey-error role="alert" hidden>${parts.failed}</p></form>`
}

export function listed(rows: readonly Html[], none: string): Html {
  if (rows.length === 0) return html`<p class="soft">${none}</p>`
  return html`<ul class="list">${rows.map((row) => html`<li>${row}</li>`)}</ul>`
}

export function may(sentences: readonly string[]): Html {
  return html`<ul class="may">${sentences.map((sentence) => html`<li>${icon('check')}<span>${sentence}</span></li>`)}</ul>`
}
