// What a page is given besides its model, and what it gives back. A page decides its title and its content; the document
// around it (head, top bar, navigation, footer) is drawn by document.ts from the frame.

import type { Html } from './html.ts'
import type { Language } from '../account/accounts.ts'
import type { Frame, MemberLinks } from './models.ts'
import type { Words } from './words/en.ts'

export interface Scene {
  readonly frame: Frame
  readonly words: Words
  readonly language: Language
}

export interface Content {
  readonly title: string
  /** narrow: one card for a person on the way in. wide: the navigation of the account beside it. */
  readonly layout: 'narrow' | 'wide' | 'front'
  /** The entry of the navigation that this page is. */
  readonly here?: keyof MemberLinks
  readonly body: Html
  /** The page has passkey forms and so the one script. */
  readonly hasPasskeys?: boolean
}

/** One page of the table in render.ts. */
export type Draw<Model> = (model: Model, scene: Scene) => Content
