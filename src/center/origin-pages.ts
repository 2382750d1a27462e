// What the server itself answers at the root of its base URL: a front page for people, /healthz, and the description that
// clients look for. Nothing here names a pod: who has one is not the public's to know.

import { XpodError } from '../base/errors.ts'
import type { HttpAnswer, HttpRequest } from '../core/http/message.ts'
import { corsHeaders, methods } from '../pod/answer/cors.ts'
import { problemResponse } from '../pod/answer/problem.ts'

export interface OriginPages {
  /** A canonical path at the base origin, or `*`. */
  answer(path: string, request: PageRequest): HttpAnswer
}

type PageRequest = Pick<HttpRequest, 'method' | 'headers'>

type Page = (request: PageRequest) => { readonly mediaType: string; readonly text: string }

const readMethods = 'GET, HEAD, OPTIONS'

export function createOriginPages(baseUrl: string): OriginPages {
  const pages: Readonly<Record<string, Page>> = {
    '/': (request) => frontPage(baseUrl, request),
    '/healthz': () => ({ mediaType: 'text/plain; charset=utf-8', text: 'ok\n' }),
    '/.well-known/solid': (request) => description(baseUrl, request),
  }
  return {
    answer(path, request) {
      if (path === '*') return { status: 204, headers: ['Allow', methods], body: undefined }
      const page = Object.hasOwn(pages, path) ? pages[path] : undefined
      if (page === undefined) return problemResponse(new XpodError('NOT_FOUND'), request)
      const allow = ['Allow', readMethods]
      if (request.method === 'OPTIONS') return { status: 204, headers: [...allow, ...cors(request)], body: undefined }
      if (request.method === 'GET' || request.method === 'HEAD') return show(page(request), request)
      return problemResponse(new XpodError('METHOD_NOT_ALLOWED', '', { headers: allow }), request)
    },
  }
}

function show({ mediaType, text }: ReturnType<Page>, request: PageRequest): HttpAnswer {
  const body = Buffer.from(text)
  return {
    status: 200,
    headers: [
      'Content-Type',
      mediaType,
      'Content-Length',
      String(body.length),
      'Cache-Control',
      'no-cache',
      'Vary',
      'Accept, Accept-Language, Origin',
      'X-Content-Type-Options',
      'nosniff',
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      ...cors(request),
    ],
    body: request.method === 'HEAD' ? undefined : body,
  }
}

function cors({ headers }: PageRequest): readonly string[] {
  return headers.origin === undefined ? [] : corsHeaders(headers.origin)
}

/** Clients read this anonymously to learn what the origin is; each pod has its own description with its storage in it. */
function description(baseUrl: string, { headers }: PageRequest): ReturnType<Page> {
  const conforms = 'https://solidproject.org/TR/protocol'
  if (/\bjson\b/.test(headers.accept ?? '') && !/text\/turtle/.test(headers.accept ?? '')) {
    const document = {
      '@context': { dcterms: 'http://purl.org/dc/terms/' },
      '@id': baseUrl,
      'dcterms:title': 'xpod',
      'dcterms:conformsTo': { '@id': conforms },
    }
    return { mediaType: 'application/ld+json', text: JSON.stringify(document) }
  }
  const prefix = '@prefix dcterms: <http://purl.org/dc/terms/>.'
  const text = `${prefix}\n\n<${baseUrl}> dcterms:title "xpod"; dcterms:conformsTo <${conforms}>.\n`
  return { mediaType: 'text/turtle', text }
}

const words = {
  en: {
    lang: 'en',
    what: 'This is a Solid server. It keeps personal data stores, called pods, and their owners decide who may read or change what is in them.',
    make: 'To make a pod, run this on the server:',
    lies: 'It then lies at',
    more: 'About Solid',
  },
  zh: {
    lang: 'zh-CN',
    what: '这是一台 Solid 服务器。它保存个人数据空间（Pod），由主人决定谁可以读取或修改其中的内容。',
    make: '要新建一个 Pod，请在服务器上运行：',
    lies: '之后它的地址是',
    more: '了解 Solid',
  },
} as const

function frontPage(baseUrl: string, { headers }: PageRequest): ReturnType<Page> {
  const { lang, what, make, lies, more } = /^\s*zh\b/i.test(headers['accept-language'] ?? '') ? words.zh : words.en
  const text = `<!doctype html>
<html lang="${lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>xpod</title>
<style>
:root { color-scheme: light dark }
body { font: 1.1em/1.6 system-ui, sans-serif; max-width: 38em; margin: 4em auto; padding: 0 1em }
pre { padding: .6em 1em; border: 1px solid; border-radius: .3em; overflow-x: auto }
</style>
<h1>xpod</h1>
<p>${what}</p>
<p>${make}</p>
<pre>xpod pod create alice</pre>
<p>${lies} <code>${escapeHtml(baseUrl)}alice/</code></p>
<p><a href="https://solidproject.org/">${more}</a></p>
</html>
`
  return { mediaType: 'text/html; charset=utf-8', text }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
