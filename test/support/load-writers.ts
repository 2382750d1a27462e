// Writers for the crash tests: each has its own folder of a pod and does what people do, as fast as it is answered, noting
// in the history what it sent and what was acknowledged. `observe` reads everything back, by listings and one by one.
// Everything random comes from a seed that the test prints.

import { createHash } from 'node:crypto'

import { absent, type Attempt, type Content, type History, type Observed } from './checker.ts'
import { type Answer, LoadClient, type Sending } from './load-client.ts'

export type Chance = () => number

/** mulberry32: a number in [0, 1) from a seed, the same on every machine. */
export function seeded(seed: number): Chance {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function digest(body: Uint8Array): Content {
  return `${createHash('sha256').update(body).digest('hex').slice(0, 16)}:${body.length}`
}

/** A graph is compared by the numbers that patches put into it, whatever its serialisation. */
function graphContent(numbers: readonly string[]): Content {
  return `graph:${[...numbers].sort().join(',')}`
}

interface Writer {
  readonly client: LoadClient
  readonly history: History
  readonly chance: Chance
  /** Path of its own folder, with a trailing slash. */
  readonly folder: string
  /** Grows for ever, so that no two writes are equal. */
  readonly serial: () => number
}

const documentsPerWriter = 12
const graphsPerWriter = 3
const placesPerWriter = 3

const turns: readonly { readonly weight: number; readonly run: (writer: Writer) => Promise<void> }[] = [
  { weight: 6, run: (writer) => putDocument(writer, 20 + Math.floor(writer.chance() * 3000)) },
  { weight: 3, run: (writer) => putDocument(writer, 17_000 + Math.floor(writer.chance() * 300_000)) },
  { weight: 3, run: deleteDocument },
  { weight: 3, run: postDocument },
  { weight: 4, run: patchGraph },
  { weight: 1, run: deleteGraph },
  { weight: 2, run: putInPlace },
  { weight: 2, run: emptyPlace },
  { weight: 1, run: deletePlace },
]

/** Runs until the server is gone or `isOver`; throws on an answer that no correct server gives. */
export async function write(writer: Writer, isOver: () => boolean): Promise<void> {
  const total = turns.reduce((sum, turn) => sum + turn.weight, 0)
  while (!isOver()) {
    let mark = writer.chance() * total
    const turn = turns.find(({ weight }) => (mark -= weight) < 0) ?? turns[0]!
    try {
      await turn.run(writer)
    } catch (error) {
      if (isOver() || isConnectionError(error)) return
      throw error
    }
  }
}

function isConnectionError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(code)
}

/** Sends one change of one path and notes its fate. */
async function attempt(
  writer: Writer,
  change: { method: string; path: string; target?: string; content: Content; refusals?: readonly number[] },
  sending: Sending,
): Promise<Answer> {
  const { method, path, target, content, refusals = [] } = change
  const noted: Attempt = writer.history.begin(path, content)
  let answer: Answer
  try {
    answer = await writer.client.send(method, target ?? path, sending)
  } catch (error) {
    noted.unanswered()
    throw error
  }
  if (answer.status < 300) noted.acknowledged()
  else if (answer.status === 503) noted.unanswered()
  else {
    noted.refused()
    if (!refusals.includes(answer.status)) {
      throw new Error(`${method} ${target ?? path}: ${answer.status} ${answer.body.toString().slice(0, 400)}`)
    }
  }
  return answer
}

function pick<T>(writer: Writer, from: readonly T[]): T | undefined {
  return from[Math.floor(writer.chance() * from.length)]
}

function body(writer: Writer, size: number): Buffer {
  const bytes = Buffer.alloc(size, `${writer.folder} ${writer.serial()} `)
  for (let at = 64; at < size; at += 4096)
    bytes.writeUInt32LE(Math.floor(writer.chance() * 2 ** 32), Math.min(at, size - 4))
  return bytes
}

async function putDocument(writer: Writer, size: number): Promise<void> {
  const path = `${writer.folder}d${Math.floor(writer.chance() * documentsPerWriter)}.bin`
  const bytes = body(writer, size)
  const headers = { 'content-type': 'application/octet-stream' }
  await attempt(writer, { method: 'PUT', path, content: digest(bytes) }, { headers, body: bytes })
}

function existing(writer: Writer, pattern: RegExp): string[] {
  return writer.history.paths().filter((path) => {
    if (!path.startsWith(writer.folder) || !pattern.test(path)) return false
    const known = writer.history.known(path)
    return known !== undefined && known !== absent
  })
}

async function deleteDocument(writer: Writer): Promise<void> {
  const path = pick(writer, existing(writer, /\/(d|p)[\d-]+\.(bin|txt)$/))
  if (path !== undefined) await attempt(writer, { method: 'DELETE', path, content: absent }, {})
}

async function postDocument(writer: Writer): Promise<void> {
  const slug = `p${writer.serial()}.txt`
  const text = `posted ${slug}`
  const path = writer.folder + slug
  const answer = await attempt(
    writer,
    { method: 'POST', path, target: writer.folder, content: digest(Buffer.from(text)), refusals: [404] },
    { headers: { 'content-type': 'text/plain', slug }, body: text },
  )
  const location = answer.headers.location
  if (answer.status === 201 && location !== undefined && new URL(location, writer.client.base).pathname !== path) {
    throw new Error(`POST with Slug ${slug}, a free name, made ${location}`)
  }
}

async function patchGraph(writer: Writer): Promise<void> {
  const path = `${writer.folder}g${Math.floor(writer.chance() * graphsPerWriter)}.ttl`
  const known = writer.history.known(path)
  if (known === undefined) return
  const before = known === absent || known === 'graph:' ? [] : known.slice('graph:'.length).split(',')
  const number = String(writer.serial())
  const insert = `<#it> <http://example.org/holds> "${number}" .`
  const isN3 = writer.chance() < 0.5
  const headers = { 'content-type': isN3 ? 'text/n3' : 'application/sparql-update' }
  const patch = isN3
    ? `@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n_:p a solid:InsertDeletePatch; solid:inserts { ${insert} }.`
    : `INSERT DATA { ${insert} }`
  await attempt(writer, { method: 'PATCH', path, content: graphContent([...before, number]) }, { headers, body: patch })
}

async function deleteGraph(writer: Writer): Promise<void> {
  const path = pick(writer, existing(writer, /\/g\d+\.ttl$/))
  if (path !== undefined) await attempt(writer, { method: 'DELETE', path, content: absent }, {})
}

/** A document in a container of its own, which the PUT makes. */
async function putInPlace(writer: Writer): Promise<void> {
  const path = `${writer.folder}c${Math.floor(writer.chance() * placesPerWriter)}/x.txt`
  const text = `inside ${writer.serial()}`
  const headers = { 'content-type': 'text/plain' }
  await attempt(writer, { method: 'PUT', path, content: digest(Buffer.from(text)) }, { headers, body: text })
}

async function emptyPlace(writer: Writer): Promise<void> {
  const path = pick(writer, existing(writer, /\/c\d+\/x\.txt$/))
  if (path !== undefined) await attempt(writer, { method: 'DELETE', path, content: absent }, {})
}

/** Sometimes empty, sometimes not, sometimes not there: what matters is that no member is ever left without a container. */
async function deletePlace(writer: Writer): Promise<void> {
  const path = `${writer.folder}c${Math.floor(writer.chance() * placesPerWriter)}/`
  const { status } = await writer.client.send('DELETE', path)
  if (![204, 205, 200, 404, 409, 503].includes(status)) throw new Error(`DELETE ${path}: ${status}`)
}

/** Deletes other writers' containers under their hands until the server is gone. */
export async function disturb(
  client: LoadClient,
  folders: readonly string[],
  chance: Chance,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const folder = folders[Math.floor(chance() * folders.length)]!
    try {
      const { status } = await client.send('DELETE', `${folder}c${Math.floor(chance() * placesPerWriter)}/`)
      if (![204, 205, 200, 404, 409, 503].includes(status))
        throw new Error(`DELETE of a container in ${folder}: ${status}`)
    } catch (error) {
      if (isOver() || isConnectionError(error)) return
      throw error
    }
  }
}

/** Everything below `root`: what listings lead to, and what the history knows of and no listing names. */
export async function observe(client: LoadClient, root: string, history: History): Promise<Observed> {
  const contents = new Map<string, Content>()
  const members = new Map<string, readonly string[]>()
  const waiting = [root, ...history.paths(), ...history.paths().map((path) => path.slice(0, path.lastIndexOf('/') + 1))]
  const seen = new Set<string>()
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (seen.has(path)) continue
    seen.add(path)
    const isGraph = path.endsWith('.ttl') || path.endsWith('/')
    const answer = await client.send('GET', path, isGraph ? { headers: { accept: 'application/n-triples' } } : {})
    if (answer.status === 404) continue
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.body.toString().slice(0, 400)}`)
    if (!path.endsWith('/')) {
      contents.set(path, isGraph ? graphContent(literals(answer.body.toString())) : digest(answer.body))
      continue
    }
    const inside = contained(answer.body.toString())
    members.set(path, inside)
    waiting.push(...inside)
  }
  return { contents, members }
}

function literals(triples: string): string[] {
  return [...triples.matchAll(/holds> "(\d+)"/g)].map((match) => match[1]!)
}

function contained(triples: string): string[] {
  const pattern = /<http:\/\/www\.w3\.org\/ns\/ldp#contains> <([^>]+)>/g
  return [...triples.matchAll(pattern)].map((match) => new URL(match[1]!).pathname)
}
