// Dates, sizes and counts as people of each language write them, by Intl. Times are in UTC and say so: a page without a
// script does not know its reader's zone, and a wrong hour would be worse than a foreign one.

import type { Language } from '../account/accounts.ts'

/** For `lang` and for Intl. */
export const locales: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' }

const dates = perLanguage((locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }))
const times = perLanguage(
  (locale) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone: 'UTC' }),
)
const numbers = perLanguage((locale) => new Intl.NumberFormat(locale))

function perLanguage<T>(make: (locale: string) => T): Readonly<Record<Language, T>> {
  return { en: make(locales.en), zh: make(locales.zh) }
}

export function dateText(ms: number, language: Language): string {
  return dates[language].format(ms)
}

export function timeText(ms: number, language: Language): string {
  return `${times[language].format(ms)} UTC`
}

export function numberText(count: number, language: Language): string {
  return numbers[language].format(count)
}

const sizeUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** In decimal units, as disks and quotas are sold. */
export function sizeText(bytes: number, language: Language): string {
  const power = bytes < 1000 ? 0 : Math.min(sizeUnits.length - 1, Math.floor(Math.log10(bytes) / 3))
  return new Intl.NumberFormat(locales[language], {
    style: 'unit',
    unit: sizeUnits[power]!,
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(bytes / 1000 ** power)
}
