// A request-smuggling corpus over raw sockets (RFC 9112 section 11.2, and what was found in the wild). Each case tries to hide
// a PUT inside another request, in bytes that two servers could read differently. Either the request is refused with a 4xx
// or 5xx and the connection ends, so that nothing after it is read; or its framing has one meaning and the hidden bytes are
// body. The hidden PUT never takes place.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { LoadClient } from '../support/load-client.ts'
import { sendRaw } from '../support/load-raw.ts'
import { Scene } from '../support/load-scene.ts'

interface Case {
  /** Without the line of Host and the type of the body, unless `whole`. */
  readonly head: string
  readonly body?: string
  /**
   * `refused`: 4xx or 5xx and closed. `cut`: a body that breaks on its way; closed, with a refusal or without a word, and the
   * request itself did not take place either. `body`: one meaning; hidden bytes are body, the next request is answered.
   */
  readonly is: 'refused' | 'cut' | 'body'
  /** The head is the whole request head, with its first line. */
  readonly whole?: true
}

/** Replaced by a whole PUT that must never take place, and by its length. */
const hidden = '@HIDDEN@'
const length = '@LENGTH@'
const host = '@HOST@'

const framing = (lines: string, body: string, is: Case['is'] = 'refused'): Case => ({ head: lines, body, is })
const chunked = (body: string, is: Case['is'] = 'cut'): Case =>
  framing('Transfer-Encoding: chunked\r\n', `${body}${hidden}`, is)
const first = (line: string, is: Case['is'] = 'refused'): Case => ({
  head: `${line}\r\nHost: ${host}\r\nContent-Length: ${length}\r\nContent-Type: text/plain\r\n`,
  body: hidden,
  is,
  whole: true,
})
const ended = '0\r\n\r\n'

const cases: Readonly<Record<string, Case>> = {
  // Two framings at once
  'Content-Length before Transfer-Encoding': framing(
    `Content-Length: ${length}\r\nTransfer-Encoding: chunked\r\n`,
    ended + hidden,
  ),
  'Transfer-Encoding before Content-Length': framing(
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
    ended + hidden,
  ),
  'Content-Length 0 and Transfer-Encoding': framing(
    'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n',
    ended + hidden,
  ),
  // Content-Length
  'two lengths that differ': framing(`Content-Length: 0\r\nContent-Length: ${length}\r\n`, hidden),
  'two lengths that agree': framing('Content-Length: 0\r\nContent-Length: 0\r\n', hidden),
  'a list of lengths': framing('Content-Length: 0, 0\r\n', hidden),
  'a length with a sign': framing('Content-Length: +0\r\n', hidden),
  'a negative length': framing('Content-Length: -1\r\n', hidden),
  'a hexadecimal length': framing('Content-Length: 0x0\r\n', hidden),
  'a length with an underscore': framing('Content-Length: 0_0\r\n', hidden),
  'a length with a space inside': framing('Content-Length: 0 0\r\n', hidden),
  'a length with a vertical tab': framing('Content-Length: \v0\r\n', hidden),
  'an empty length': framing('Content-Length:\r\n', hidden),
  'a length beyond 64 bits': framing('Content-Length: 18446744073709551616\r\n', hidden),
  'a length with a fraction': framing('Content-Length: 0.0\r\n', hidden),
  'a folded length': framing('Content-Length:\r\n 0\r\n', hidden),
  'a length behind white space': framing('Content-Length : 0\r\n', hidden),
  // Transfer-Encoding
  'a coding behind white space': framing('Transfer-Encoding : chunked\r\n', ended + hidden),
  'a folded coding': framing('Transfer-Encoding:\r\n chunked\r\n', ended + hidden),
  'a coding inside a folded line': framing(
    `X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: ${length}\r\n`,
    hidden,
  ),
  'an unknown coding': framing('Transfer-Encoding: xchunked\r\n', ended + hidden),
  identity: framing('Transfer-Encoding: identity\r\n', ended + hidden),
  'chunked, then identity': framing('Transfer-Encoding: chunked, identity\r\n', ended + hidden),
  'gzip, then chunked': framing('Transfer-Encoding: gzip, chunked\r\n', ended + hidden),
  'chunked twice': framing('Transfer-Encoding: chunked, chunked\r\n', ended + hidden),
  'chunked in two lines': framing('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', ended + hidden),
  'chunked and another line': framing('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n', ended + hidden),
  'a quoted coding': framing('Transfer-Encoding: "chunked"\r\n', ended + hidden),
  'a coding with a vertical tab': framing('Transfer-Encoding: \vchunked\r\n', ended + hidden),
  'a coding with a parameter': framing('Transfer-Encoding: chunked;q=1\r\n', ended + hidden),
  'an empty coding beside a length': framing(`Transfer-Encoding:\r\nContent-Length: ${length}\r\n`, hidden),
  'a coding with NUL': framing('Transfer-Encoding: chunked\0\r\n', ended + hidden),
  'a coding under HTTP/1.0': {
    head: `PUT @CARRIER@ HTTP/1.0\r\nHost: ${host}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n`,
    body: ended + hidden,
    is: 'refused',
    whole: true,
  },
  // Chunks
  'a chunk size with 0x': chunked(`0x1\r\na\r\n${ended}`),
  'a chunk size with a sign': chunked(`+1\r\na\r\n${ended}`),
  'a negative chunk size': chunked(`-1\r\na\r\n${ended}`),
  'white space before a chunk size': chunked(` 1\r\na\r\n${ended}`),
  'an empty chunk size': chunked(`\r\na\r\n${ended}`),
  'a chunk size beyond 64 bits': chunked(`fffffffffffffffff\r\na\r\n${ended}`),
  'a chunk size that overflows to 1': chunked(`10000000000000001\r\na\r\n${ended}`),
  'a chunk longer than its size': chunked(`1\r\nabc\r\n${ended}`),
  'a chunk without its line end': chunked(`1\r\na0\r\n\r\n`),
  'a chunk size ended by LF': chunked(`1\na\r\n${ended}`),
  'a chunk ended by LF': chunked(`1\r\na\n${ended}`),
  'a chunk ended by CR': chunked(`1\r\na\r0\r\n\r\n`),
  'an extension with LF inside': chunked(`1;x=\ny\r\na\r\n${ended}`),
  'an extension with CR inside': chunked(`1;x=\ry\r\na\r\n${ended}`),
  'an extension without end': chunked(`1;${'x'.repeat(40_000)}\r\na\r\n${ended}`),
  'a chunk extension': {
    head: 'Transfer-Encoding: chunked\r\n',
    body: `1;name="value"\r\na\r\n${ended}`,
    is: 'body',
  },
  'a trailer that gives a length': {
    head: 'Transfer-Encoding: chunked\r\n',
    body: '1\r\na\r\n0\r\nContent-Length: 50\r\n\r\n',
    is: 'cut',
  },
  // Lines
  'lines ended by LF': {
    head: `PUT @CARRIER@ HTTP/1.1\nHost: ${host}\nContent-Type: text/plain\nContent-Length: ${length}\n`,
    body: hidden,
    is: 'refused',
    whole: true,
  },
  'a CR inside a line': framing(`X: a\rTransfer-Encoding: chunked\r\nContent-Length: ${length}\r\n`, hidden),
  'a line ended by CR CR LF': framing(`X: a\r\r\nContent-Length: ${length}\r\n`, hidden),
  'an LF that hides a header': framing(`X: a\nTransfer-Encoding: chunked\r\nContent-Length: ${length}\r\n`, hidden),
  'NUL in a value': framing(`X: a\0b\r\nContent-Length: ${length}\r\n`, hidden),
  'NUL in a name': framing(`X\0: a\r\nContent-Length: ${length}\r\n`, hidden),
  'a space in a name': framing(`X Y: a\r\nContent-Length: ${length}\r\n`, hidden),
  'an empty name': framing(`: a\r\nContent-Length: ${length}\r\n`, hidden),
  'a line without a colon': framing(`Nothing\r\nContent-Length: ${length}\r\n`, hidden),
  'a name with a high byte': framing(`X\xe9: a\r\nContent-Length: ${length}\r\n`, hidden),
  'white space before the first header': {
    head: `PUT @CARRIER@ HTTP/1.1\r\n Host: ${host}\r\nHost: ${host}\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n`,
    body: hidden,
    is: 'refused',
    whole: true,
  },
  // Host and request line
  'two Hosts': framing(`Host: other.example\r\nContent-Length: ${length}\r\n`, hidden),
  'two Hosts that agree': framing(`Host: ${host}\r\nContent-Length: ${length}\r\n`, hidden),
  'no Host': {
    head: `PUT @CARRIER@ HTTP/1.1\r\nContent-Length: ${length}\r\n`,
    body: hidden,
    is: 'refused',
    whole: true,
  },
  'an empty method': first(' @CARRIER@ HTTP/1.1'),
  'two spaces before the version': first('PUT @CARRIER@  HTTP/1.1', 'body'),
  'a tab in the first line': first('PUT\t@CARRIER@\tHTTP/1.1'),
  'a space in the target': first('PUT @CARRIER@ x HTTP/1.1'),
  'no version': first('PUT @CARRIER@', 'cut'),
  'a version with two digits': first('PUT @CARRIER@ HTTP/1.10'),
  'an unknown version': first('PUT @CARRIER@ HTTP/3.0'),
  'another protocol': first('PUT @CARRIER@ ICE/1.0'),
  'a method in lower case': first('put @CARRIER@ HTTP/1.1'),
  CONNECT: first(`CONNECT ${host} HTTP/1.1`),
  'the preface of HTTP/2': { head: 'PRI * HTTP/2.0\r\n\r\nSM\r\n', body: hidden, is: 'refused', whole: true },
  'CRLF before the first line': first('\r\nPUT @CARRIER@ HTTP/1.1', 'body'),
  // One meaning: the hidden bytes are body
  'a body of a GET': first('GET @CARRIER@ HTTP/1.1', 'body'),
  'a body of a HEAD': first('HEAD @CARRIER@ HTTP/1.1', 'body'),
  'a body of a DELETE': first('DELETE @CARRIER@ HTTP/1.1', 'body'),
  'a body of an OPTIONS': first('OPTIONS @CARRIER@ HTTP/1.1', 'body'),
  'a body of a refused PUT': first('PUT @CARRIER@/../x HTTP/1.1', 'body'),
  'a body of an unknown host': first('PUT http://other.example/x HTTP/1.1', 'body'),
  'an underscore in Transfer_Encoding': framing(
    `Transfer_Encoding: chunked\r\nContent-Length: ${length}\r\n`,
    hidden,
    'body',
  ),
  'an upgrade that is not made': framing(
    `Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${length}\r\n`,
    hidden,
    'body',
  ),
  'an upgrade to HTTP/2': framing(
    `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nContent-Length: ${length}\r\n`,
    hidden,
    'body',
  ),
  'a refused media type with its body': framing(
    `Content-Encoding: gzip\r\nContent-Length: ${length}\r\n`,
    hidden,
    'body',
  ),
  'a body sent without waiting for 100': framing(
    `Expect: 100-continue\r\nContent-Length: ${length}\r\n`,
    hidden,
    'body',
  ),
  'a refused body sent without waiting for 100': framing(
    `Expect: 100-continue\r\nContent-Encoding: gzip\r\nContent-Length: ${length}\r\n`,
    hidden,
    'body',
  ),
  'an unknown expectation': framing(`Expect: 200-ok\r\nContent-Length: ${length}\r\n`, hidden, 'body'),
  'a length that Connection names': framing(
    `Connection: Content-Length\r\nContent-Length: ${length}\r\n`,
    hidden,
    'body',
  ),
}

const outcomes = { refused: 'refused', cut: 'cut off', body: 'read in one way' }

let scene: Scene
let pod: string
let client: LoadClient

before(async () => {
  scene = await Scene.open()
  await scene.start()
  pod = await scene.createPod('alice')
  client = new LoadClient(scene.baseUrl)
})

after(async () => {
  client?.close()
  await scene?.[Symbol.asyncDispose]()
})

for (const [index, [name, { head, body = '', is, whole }]] of Object.entries(cases).entries()) {
  test(`smuggling: ${name} is ${outcomes[is]}`, async () => {
    const authority = `localhost:${scene.port}`
    const target = `${pod}hidden-${index}.txt`
    const common = `Host: ${authority}\r\nContent-Type: text/plain\r\n`
    const put = `PUT ${target} HTTP/1.1\r\n${common}Content-Length: 1\r\n\r\nx`
    const filled = body.replaceAll(hidden, put)
    const lines = whole ? head : `PUT @CARRIER@ HTTP/1.1\r\n${common}${head}`
    const start = lines
      .replaceAll('@CARRIER@', `${pod}carrier-${index}.txt`)
      .replaceAll(host, authority)
      .replaceAll(length, String(filled.length))
    const end = name === 'lines ended by LF' ? '\n' : '\r\n'
    const next = `GET ${pod}next HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`
    const { statuses, text, isClosed } = await sendRaw(scene.port, `${start}${end}${filled}${next}`)

    const final = statuses.filter((status) => status !== 100)
    assert.ok(isClosed, `the connection stays open after: ${text.slice(0, 300)}`)
    if (is === 'cut') {
      assert.ok(final.length <= 1 && (final[0] ?? 400) >= 400, `answers ${final.join(', ')}`)
      assert.equal((await client.send('GET', `${pod}carrier-${index}.txt`)).status, 404, 'a broken body was stored')
    } else if (is === 'refused') {
      assert.equal(final.length, 1, `${final.length} answers: ${text.slice(0, 600)}`)
      assert.ok(final[0]! >= 400, `answered ${final[0]}`)
    } else {
      // One answer is enough when it says that nothing more is read.
      const isLast = final.length === 1 && (final[0]! >= 400 || /\r\nConnection: close\r\n/i.test(text))
      assert.ok(final.length === 2 || isLast, `answers ${final.join(', ')}`)
      if (final.length === 2) assert.equal(final[1], 404, 'the request after it is the one that was sent')
    }
    assert.equal((await client.send('GET', target)).status, 404, 'the hidden PUT took place')
  })
}
