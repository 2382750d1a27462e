// The way to an SMTP server, by nodemailer, which loads with the first letter. One connection a letter: letters are rare.
// A password is never sent in clear to another machine: with one in the URL, TLS is demanded unless the host is this one.

import { isLoopbackName } from '../../core/routing/host.ts'
import type { Letter, Refusal } from './queue.ts'

export interface SmtpOptions {
  /** smtp://[USER:PASSWORD@]HOST[:PORT] (STARTTLS where offered) or smtps:// (TLS from the start). */
  readonly url: string
  /** `Name <address>` or an address. */
  readonly from: string
}

const connectTimeoutMs = 10_000
const silenceTimeoutMs = 20_000
const ports: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 }

type Send = (letter: Letter) => Promise<Refusal | undefined>

export function createSmtp(options: SmtpOptions): Send {
  let sender: Promise<(letter: Letter) => Promise<unknown>> | undefined
  return async (letter) => {
    sender ??= openSender(options)
    try {
      await (await sender)(letter)
      return undefined
    } catch (error) {
      return refusalOf(error)
    }
  }
}

async function openSender({ url: text, from }: SmtpOptions): Promise<(letter: Letter) => Promise<unknown>> {
  const { createTransport } = await import('nodemailer')
  const url = new URL(text)
  const auth =
    url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? ports[url.protocol]! : Number(url.port),
    secure: url.protocol === 'smtps:',
    requireTLS: url.username !== '' && !isLoopbackName(url.hostname),
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...auth,
  })
  return (letter) => transport.sendMail({ from, ...letter, headers: { 'Auto-Submitted': 'auto-generated' } })
}

/** 4xx and a broken connection may pass; 5xx is the last word. */
function refusalOf(error: unknown): Refusal {
  const { responseCode, code } = error as { responseCode?: number; code?: string }
  return {
    isPermanent: responseCode !== undefined && responseCode >= 500,
    reason: [responseCode, code].filter((one) => one !== undefined).join(' ') || (error as Error).message,
  }
}
