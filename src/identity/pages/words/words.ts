// The words of a page in the language of its reader.

import type { Language } from '../../account/accounts.ts'
import { en, type Words } from './en.ts'
import { zh } from './zh.ts'

export const words: Readonly<Record<Language, Words>> = { en, zh }
