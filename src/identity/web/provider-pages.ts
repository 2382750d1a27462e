// The pages that the OpenID provider itself shows: a login that cannot go on, the question whether to log out. Drawn like all
// others; they know nobody, because an app sent the browser there.

import type { HttpRequest } from '../../core/http/message.ts'
import type { Frame } from '../pages/models.ts'
import type { ProviderPages } from '../provider/pages.ts'
import { pageAnswer } from './answers.ts'
import { nameOf, readCookie } from './cookies.ts'
import { links, paths } from './paths.ts'
import { acceptedLanguage, readLanguage } from './preference.ts'

export function createProviderPages(baseUrl: string): ProviderPages {
  const frame = (request: HttpRequest): Frame => frameOf(baseUrl, request)
  return {
    problem: (problem, request) =>
      pageAnswer({ name: 'loginProblem', model: problem, frame: frame(request) }, { status: problem.status }),
    logOut: (question, request) => pageAnswer({ name: 'logOut', model: question, frame: frame(request) }),
    loggedOut: (request) => pageAnswer({ name: 'loggedOut', model: {}, frame: frame(request) }),
  }
}

function frameOf(baseUrl: string, request: HttpRequest): Frame {
  const chosen = readLanguage(readCookie(request, nameOf('language', baseUrl.startsWith('https:'))))
  return {
    language: chosen ?? acceptedLanguage(request),
    csrf: '',
    // The addresses of the provider are for once: the switch leads to a page that stays.
    path: paths.logIn,
    baseUrl,
    links,
    problems: [],
  }
}
