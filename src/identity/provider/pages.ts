// What the provider itself has to show a person, as HTML: that a login cannot go on, and whether to log out. The account
// pages give the real ones; these are plain and need nothing.

import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'

export interface Problem {
  readonly status: number
  /** As OAuth names it: invalid_client, invalid_redirect_uri, … */
  readonly code: string
  readonly detail: string
}

export interface LogOutQuestion {
  /** Where the form is posted to. */
  readonly action: string
  /** Hidden fields. */
  readonly fields: Readonly<Record<string, string>>
  /** Where the browser goes afterwards, when it leaves this site. */
  readonly redirectOrigin: string | undefined
}

/** Whole answers: status, headers with a Content-Security-Policy, body. */
export interface ProviderPages {
  problem(problem: Problem, request: HttpRequest): HttpAnswer
  logOut(question: LogOutQuestion, request: HttpRequest): HttpAnswer
  loggedOut(request: HttpRequest): HttpAnswer
}

export const plainPages: ProviderPages = {
  problem: ({ status, code, detail }) =>
    page(status, 'This login cannot go on', `<p>${escape(detail)}</p><p>${escape(code)}</p>`),
  logOut: ({ action, fields, redirectOrigin }) => {
    const hidden = Object.entries(fields).map(([name, value]) => {
      return `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`
    })
    const form = `<form method="post" action="${escape(action)}">${hidden.join('')}<button>Log out</button></form>`
    return page(200, 'Log out?', form, redirectOrigin)
  },
  loggedOut: () => page(200, 'You are logged out', ''),
}

function page(status: number, title: string, body: string, redirectOrigin = ''): HttpAnswer {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>`
  const policy = `default-src 'none'; frame-ancestors 'none'; form-action 'self' ${redirectOrigin}`
  return {
    status,
    headers: [
      'Content-Type',
      'text/html; charset=utf-8',
      'Cache-Control',
      'no-store',
      'Content-Security-Policy',
      policy,
    ],
    body: Buffer.from(html),
  }
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
