// What is written in letters, in English and Chinese, from one typed list: a missing one does not compile. Plain text only:
// it reads the same everywhere and hides no address behind a word. Values never come from the request that caused a
// letter, so nobody can write their own text into it.

import type { Language } from '../account/accounts.ts'
import { chinese } from './letters-zh.ts'
import { english } from './letters-en.ts'

export type LetterKind = 'reset' | 'passwordChanged' | 'emailChanged' | 'passkeyAdded'

export interface Wording {
  readonly subject: string
  readonly text: string
}

export interface LetterValues {
  readonly baseUrl: string
  /** UTC. */
  readonly atMs: number
  /** Of a reset. */
  readonly link?: string
}

const wordings: Readonly<Record<Language, Readonly<Record<LetterKind, Wording>>>> = { en: english, zh: chinese }

/** `{host}`, `{baseUrl}`, `{time}` and `{link}` are replaced. */
export function writeLetter(kind: LetterKind, language: Language, { baseUrl, atMs, link }: LetterValues): Wording {
  const time = `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const values: Readonly<Record<string, string | undefined>> = { host: new URL(baseUrl).host, baseUrl, time, link }
  const filled = (text: string): string => text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
  const { subject, text } = wordings[language][kind]
  return { subject: filled(subject), text: filled(text) }
}
