// The JSON of JSON-LD documents and contexts, before anything is made of it.

import { XpodError } from '../../../base/errors.ts'

const maxDepth = 100

/** JSON only, bounded in depth. Throws BODY_INVALID with the line. */
export function parseJson(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new XpodError('BODY_INVALID', `JSON syntax error${lineOfJson(error, text)}`)
  }
  if (typeof value !== 'object' || value === null) {
    throw new XpodError('BODY_INVALID', 'JSON-LD is an object or an array')
  }
  let level: object[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw new XpodError('BODY_INVALID', `JSON-LD nested deeper than ${maxDepth}`)
    const next: object[] = []
    for (const parent of level) {
      for (const child of Object.values(parent)) if (typeof child === 'object' && child !== null) next.push(child)
    }
    level = next
  }
  return value
}

function lineOfJson(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : ''
  const match = /at position (\d+)/.exec(message)
  const end = match === null ? text.length : Number(match[1])
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) line++
  return ` on line ${line}`
}
