// What a fuzz target is, and how one input is judged: it may be refused only by an XpodError that blames the sender (4xx), and
// must be done in two seconds.

import { readdir, readFile } from 'node:fs/promises'

import { XpodError } from '../../src/base/errors.ts'
import { makeInput, seededChance } from './generator.ts'

export interface Target {
  /** Also the folder of its corpus. */
  readonly name: string
  readonly snippets: readonly string[]
  /** Throws an XpodError for what is refused; anything else that it throws is a finding. */
  run(input: string): unknown
}

export interface Finding {
  readonly target: string
  readonly seed: number
  readonly number: number
  readonly input: string
  readonly why: string
}

const maxMs = 2000

export interface FuzzRun {
  readonly seed: number
  /** Asked before each input. */
  readonly goesOn: (done: number) => boolean
}

/** Runs inputs until told to stop; gives the number of inputs, or the first finding. */
export async function fuzz(target: Target, { seed, goesOn }: FuzzRun): Promise<number | Finding> {
  const corpus = await readCorpus(target.name)
  const chance = seededChance(seed)
  for (let number = 0; goesOn(number); number++) {
    const input = number < corpus.length ? corpus[number]! : makeInput({ corpus, snippets: target.snippets }, chance)
    const why = await judge(target, input)
    if (why !== undefined) return { target: target.name, seed, number, input, why }
  }
  return corpus.length
}

async function judge(target: Target, input: string): Promise<string | undefined> {
  const started = performance.now()
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${maxMs} ms`)), maxMs)
  })
  try {
    await Promise.race([target.run(input), tooLong])
  } catch (error) {
    if (!(error instanceof XpodError)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (error.status < 400 || error.status >= 500) return `${error.code} ${error.status}: ${String(error.cause)}`
  } finally {
    clearTimeout(timer)
  }
  const tookMs = performance.now() - started
  return tookMs > maxMs ? `took ${Math.round(tookMs)} ms` : undefined
}

async function readCorpus(name: string): Promise<string[]> {
  const folder = new URL(`corpus/${name}/`, import.meta.url)
  const files = (await readdir(folder)).sort()
  return Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')))
}
