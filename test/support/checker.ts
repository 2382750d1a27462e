// What a crash may and may not do, as a value. A history keeps, for every path, the contents that it may have given what was
// acknowledged; `judge` compares that with what is really there. Pure: knows neither processes nor HTTP.
//
// An acknowledged write leaves one possible content. A refused one leaves what was. One without an answer leaves both: the
// old content or the new one, whole. Every path has one writer at a time; different paths may be written at once.

export const absent = 'absent'

/** Contents are compared as strings: a digest, a set of triples in a fixed order, or `absent`. */
export type Content = string

export interface Attempt {
  /** The server said that it is done. */
  acknowledged(): void
  /** The server said that it did nothing. */
  refused(): void
  /** No answer, or one that claims nothing (503): either content from now on. */
  unanswered(): void
}

export interface Observed {
  /** Every document that a GET finds, by path. */
  readonly contents: ReadonlyMap<string, Content>
  /** Every container that a GET finds, with the members that its listing names. */
  readonly members: ReadonlyMap<string, readonly string[]>
}

export class History {
  readonly #possible = new Map<string, readonly Content[]>()
  readonly #open = new Set<string>()
  /** Writes acknowledged so far. */
  acknowledged = 0

  paths(): string[] {
    return [...this.#possible.keys()]
  }

  possible(path: string): readonly Content[] {
    return this.#possible.get(path) ?? [absent]
  }

  /** The content of a path when only one is possible and nothing is under way. */
  known(path: string): Content | undefined {
    const contents = this.possible(path)
    return contents.length === 1 && !this.#open.has(path) ? contents[0] : undefined
  }

  begin(path: string, content: Content): Attempt {
    if (this.#open.has(path)) throw new Error(`two writers on ${path}`)
    const before = this.possible(path)
    this.#open.add(path)
    this.#possible.set(path, [...new Set([...before, content])])
    const settle = (contents: readonly Content[]): void => {
      this.#possible.set(path, contents)
      this.#open.delete(path)
    }
    return {
      acknowledged: () => {
        this.acknowledged++
        settle([content])
      },
      refused: () => settle(before),
      unanswered: () => settle(this.possible(path)),
    }
  }

  /** What is there is from now on what was always there; called once `judge` found nothing. */
  settle(observed: Observed): void {
    this.#open.clear()
    for (const path of this.paths()) {
      const content = observed.contents.get(path) ?? absent
      if (content === absent) this.#possible.delete(path)
      else this.#possible.set(path, [content])
    }
  }
}

/** One line for each lie of the server; none when what is there could be. */
export function judge(history: History, observed: Observed, root: string): string[] {
  const listed = new Set([...observed.members.values()].flat())
  return [
    ...history
      .paths()
      .flatMap((path) => judgePath(path, history.possible(path), observed.contents.get(path) ?? absent)),
    ...[...observed.contents.keys()]
      .filter((path) => !history.possible(path).some((content) => content !== absent))
      .map((path) => `${path} is there and was never written, or was deleted`),
    ...[...observed.contents.keys(), ...observed.members.keys()]
      .filter((path) => path !== root && !listed.has(path))
      .map((path) => `${path} is there and no container lists it`),
    ...[...listed]
      .filter((path) => !observed.contents.has(path) && !observed.members.has(path))
      .map((path) => `${path} is listed and is not there`),
    ...[...observed.members]
      .filter(([, members]) => new Set(members).size !== members.length)
      .map(([path]) => `${path} lists a member twice`),
  ]
}

function judgePath(path: string, possible: readonly Content[], seen: Content): string[] {
  if (possible.includes(seen)) return []
  const wanted = possible.join(' or ')
  return [
    seen === absent
      ? `${path} is gone and was acknowledged: ${wanted}`
      : `${path} holds ${seen}, which is not what was acknowledged: ${wanted}`,
  ]
}
