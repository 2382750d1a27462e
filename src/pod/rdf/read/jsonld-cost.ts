// Whether a JSON-LD document costs no more to read than its size says. Contexts may: each is gone through for every node that
// it is in force for, so 13 KB with a context inside a term of another took 15 s. Documents that apps write have one context
// at the top, which names bundled ones or lists terms; an unknown one ends the reading at once. All others are for the thread.

import { bundledContext, type Contexts } from './contexts.ts'

const maxContexts = 4

/** `given`: contexts besides the bundled ones, which may be anything. Also true for what is no JSON, refused at once. */
export function isPlainJsonLd(bytes: Uint8Array, given?: Contexts): boolean {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    if (error instanceof SyntaxError) return true
    throw error
  }
  if (typeof value !== 'object' || value === null) return true
  const { '@context': context, ...rest } = value as Record<string, unknown>
  const contexts = context === undefined ? [] : [context].flat()
  const areGiven = given !== undefined && given.size > 0
  const isPlain = (one: unknown): boolean =>
    typeof one === 'string' ? !areGiven || bundledContext(one) !== undefined : !holdsContext({ one })
  return contexts.length <= maxContexts && contexts.every(isPlain) && !holdsContext(rest)
}

/** Whether a context stands anywhere inside. */
function holdsContext(value: object): boolean {
  const waiting: object[] = [value]
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (Object.hasOwn(one, '@context') || Object.hasOwn(one, '@import')) return true
    for (const child of Object.values(one)) if (typeof child === 'object' && child !== null) waiting.push(child)
  }
  return false
}
