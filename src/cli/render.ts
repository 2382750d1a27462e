// The only writer to stdout. Results go there, progress and failures to stderr. Machine output never has colour and never
// wraps; tables measure Chinese as two columns a character and are cut to the terminal's width only on a terminal.

import { Chalk, type ChalkInstance } from 'chalk'

export interface Output {
  /** A result, with a line feed. */
  print(text: string): void
  /** One JSON document, for --json. */
  json(value: unknown): void
  table(rows: readonly (readonly string[])[], options: TableOptions): Promise<void>
  /** To stderr, with a line feed. */
  complain(text: string): void
  /** A question on stderr, for confirmations; undefined when nobody can answer. */
  ask(question: string): Promise<string | undefined>
  /** One whole line with its line feed, to stderr: the log. */
  log(line: string): void
  readonly style: ChalkInstance
  readonly errorStyle: ChalkInstance
  readonly isTerminal: boolean
  readonly isErrorTerminal: boolean
}

export interface TableOptions {
  readonly head: readonly string[]
  readonly showHead: boolean
  /** Lines as long as they are, also on a terminal. */
  readonly wide: boolean
  /** Columns of figures, aligned right. */
  readonly right?: readonly number[]
}

export type ColourChoice = 'auto' | 'always' | 'never'

/** `wished` is what the environment says: NO_COLOR and its like; a choice on the command line goes before. */
export function createOutput(choice: ColourChoice, wished: boolean | undefined): Output {
  const { stdout, stderr, stdin } = process
  const isTerminal = stdout.isTTY ?? false
  const isErrorTerminal = stderr.isTTY ?? false
  const style = (terminal: boolean): ChalkInstance => {
    const colour = choice === 'auto' ? (wished ?? terminal) : choice === 'always'
    return new Chalk({ level: colour ? 1 : 0 })
  }
  const print = (text: string): void => {
    stdout.write(`${text}\n`)
  }
  return {
    print,
    json: (value) => print(JSON.stringify(value, null, 2)),
    table: async (rows, options) => {
      const columns = isTerminal && !options.wide ? stdout.columns : undefined
      const width = await widthFor([...options.head, ...rows.flat()])
      for (const line of layoutTable(rows, options, { width, columns })) print(line)
    },
    complain: (text) => {
      stderr.write(`${text}\n`)
    },
    ask: async (question) => {
      if (!(stdin.isTTY && isErrorTerminal)) return undefined
      const { createInterface } = await import('node:readline/promises')
      const reader = createInterface({ input: stdin, output: stderr })
      try {
        return await reader.question(question)
      } finally {
        reader.close()
      }
    },
    log: (line) => {
      stderr.write(line)
    },
    style: style(isTerminal),
    errorStyle: style(isErrorTerminal),
    isTerminal,
    isErrorTerminal,
  }
}

export type Width = (text: string) => number

/** The tables of string-width take 60 ms to load, and most of what is printed is ASCII. */
export async function widthFor(texts: readonly string[]): Promise<Width> {
  if (texts.every((text) => /^[\x20-\x7e]*$/.test(text))) return (text) => text.length
  return (await import('string-width')).default
}

/** Columns two spaces apart, without trailing spaces; lines cut to `columns` when given. */
export function layoutTable(
  rows: readonly (readonly string[])[],
  options: Pick<TableOptions, 'head' | 'showHead' | 'right'>,
  { width, columns }: { readonly width: Width; readonly columns?: number | undefined },
): string[] {
  const all = options.showHead ? [options.head, ...rows] : rows
  const widths = options.head.map((_, index) => Math.max(0, ...all.map((row) => width(row[index] ?? ''))))
  return all.map((row) => {
    const cells = row.map((cell, index) => {
      const padding = ' '.repeat(widths[index]! - width(cell))
      return options.right?.includes(index) ? padding + cell : cell + padding
    })
    const line = cells.join('  ').trimEnd()
    return columns === undefined ? line : cut(line, columns, width)
  })
}

function cut(line: string, columns: number, width: Width): string {
  if (width(line) <= columns) return line
  let kept = ''
  let taken = 0
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    taken += width(segment)
    if (taken > columns - 1) break
    kept += segment
  }
  return `${kept}…`
}

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB']

/** For people: 1.5 GB. Machines get bytes. */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < sizeUnits.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, '')} ${sizeUnits[unit]}`
}
