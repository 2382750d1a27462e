// The answers of account pages and API as HTTP. Nothing of them is stored by anybody, shown in a frame or read by another
// site: there is no Access-Control header here at all (rule 14).

import { type XpodError } from '../../base/errors.ts'
import type { HttpAnswer } from '../../core/http/message.ts'
import type { Frame, PageModels, PageName } from '../pages/models.ts'
import { pagePolicy, renderPage } from '../pages/render.ts'

const common = [
  'Cache-Control',
  'no-store',
  'Vary',
  'Accept, Accept-Language, Cookie, Origin',
  'X-Content-Type-Options',
  'nosniff',
  'Cross-Origin-Resource-Policy',
  'same-origin',
]

export interface AnswerExtras {
  readonly status?: number
  readonly cookies?: readonly string[]
  /** A flat list. */
  readonly headers?: readonly string[]
}

export function jsonAnswer(json: object, extras: AnswerExtras = {}): HttpAnswer {
  return {
    status: extras.status ?? 200,
    headers: [...common, 'Content-Type', 'application/json', ...more(extras)],
    body: Buffer.from(JSON.stringify(json)),
  }
}

export function pageAnswer<Name extends PageName>(
  page: { readonly name: Name; readonly model: PageModels[Name]; readonly frame: Frame },
  extras: AnswerExtras = {},
): HttpAnswer {
  const { name, model, frame } = page
  return {
    status: extras.status ?? 200,
    headers: [
      ...common,
      'Content-Type',
      'text/html; charset=utf-8',
      'Content-Security-Policy',
      pagePolicy(name, model, frame),
      'X-Frame-Options',
      'DENY',
      // Not no-referrer: forms of this site would then have no Origin.
      'Referrer-Policy',
      'same-origin',
      'Content-Language',
      frame.language === 'zh' ? 'zh-Hans' : 'en',
      ...more(extras),
    ],
    body: renderPage(name, model, frame),
  }
}

/** After a form: the browser gets the next page by GET. */
export function redirectAnswer(location: string, extras: AnswerExtras = {}): HttpAnswer {
  return {
    status: extras.status ?? 303,
    headers: [...common, 'Location', location, 'Referrer-Policy', 'same-origin', ...more(extras)],
    body: undefined,
  }
}

export function optionsAnswer(methods: readonly string[]): HttpAnswer {
  return { status: 204, headers: [...common, 'Allow', methods.join(', ')], body: undefined }
}

/** In the shape of Community Solid Server; `details` has our own code besides. */
export function errorAnswer(error: XpodError, status: number, message: string): HttpAnswer {
  const body = {
    name: errorNames[status] ?? (status >= 500 ? 'InternalServerError' : 'BadRequestHttpError'),
    message,
    statusCode: status,
    errorCode: error.code === 'INTERACTION_UNKNOWN' ? 'E0002' : `H${status}`,
    details: { ...error.members, code: error.code, hint: error.hint },
  }
  const mayPass = error.retryable && !error.headers.includes('Retry-After')
  return jsonAnswer(body, { status, headers: [...error.headers, ...(mayPass ? ['Retry-After', '1'] : [])] })
}

const errorNames: Readonly<Record<number, string>> = {
  400: 'BadRequestHttpError',
  401: 'UnauthorizedHttpError',
  403: 'ForbiddenHttpError',
  404: 'NotFoundHttpError',
  405: 'MethodNotAllowedHttpError',
  409: 'ConflictHttpError',
  413: 'PayloadHttpError',
  415: 'UnsupportedMediaTypeHttpError',
  422: 'UnprocessableEntityHttpError',
  429: 'TooManyRequestsHttpError',
  503: 'ServiceUnavailableHttpError',
}

function more({ cookies = [], headers = [] }: AnswerExtras): readonly string[] {
  return [...headers, ...cookies.flatMap((cookie) => ['Set-Cookie', cookie])]
}
