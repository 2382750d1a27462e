// A real SMTP server in this process that keeps what arrives, read as a person would read it.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

import { collect, MiB } from '../../../src/base/bytes.ts'
import { until } from '../../support/until.ts'

export interface Arrived {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly head: string
}

export interface Mailbox extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** The next one; waits for it. */
  readonly letter: () => Promise<Arrived>
  /** Letters that have arrived and are not taken. */
  readonly waiting: () => number
}

export async function openMailbox(options: SMTPServerOptions = {}): Promise<Mailbox> {
  const arrived: Arrived[] = []
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      collect(stream, MiB).then((bytes) => {
        arrived.push(parse(bytes.toString('utf8'), session.envelope.rcptTo[0]!.address))
        done()
      }, done)
    },
    ...options,
  })
  // A client that hangs up is no failure of the server.
  smtp.on('error', () => {})
  smtp.listen(0, '127.0.0.1')
  await once(smtp.server, 'listening')
  const { port } = smtp.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    letter: async () => (await until('a letter', () => arrived.shift()))!,
    waiting: () => arrived.length,
    [Symbol.asyncDispose]: () => new Promise((resolve) => smtp.close(() => resolve())),
  }
}

function parse(message: string, to: string): Arrived {
  const end = message.indexOf('\r\n\r\n')
  const head = message.slice(0, end).replace(/\r\n[ \t]+/g, ' ')
  const body = message.slice(end + 4)
  const encoding = /^content-transfer-encoding: *(\S+)/im.exec(head)?.[1]
  const text = encoding === 'base64' ? Buffer.from(body, 'base64').toString('utf8') : quoted(encoding, body)
  return { to, head, subject: words(/^subject: *(.*)$/im.exec(head)![1]!), text: text.replaceAll('\r\n', '\n') }
}

function quoted(encoding: string | undefined, text: string): string {
  if (encoding !== 'quoted-printable') return text
  const bytes = text
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Encoded words of a header. */
function words(text: string): string {
  return text
    .replace(/\?= +=\?/g, '?==?')
    .replace(/=\?utf-8\?([BQ])\?(.*?)\?=/gi, (_, kind: string, part: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(part, 'base64').toString('utf8')
        : quoted('quoted-printable', part.replaceAll('_', ' ')),
    )
}
