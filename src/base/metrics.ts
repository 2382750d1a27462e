// Counters, gauges and histograms in the Prometheus text format (version 0.0.4). No pod name is ever a label.
// Label sets are few and fixed: a child is made once with labels(…) and kept by its user, so counting allocates nothing.

export interface Counter {
  add(amount?: number): void
  readonly value: number
}
export interface Gauge {
  set(value: number): void
  add(amount: number): void
  readonly value: number
}
export interface Histogram {
  observe(value: number): void
}
export type Labels = Readonly<Record<string, string>>

export interface Metrics {
  /** The same name and labels give the same counter. At most 1000 children a name; more share one labelled "other". */
  counter(name: string, help: string, labels?: Labels): Counter
  gauge(name: string, help: string, labels?: Labels): Gauge
  /** A gauge whose value is asked for at each scrape. */
  gaugeFrom(name: string, help: string, read: () => number, labels?: Labels): void
  histogram(name: string, help: string, bounds: readonly number[], labels?: Labels): Histogram
  /** The whole page. */
  render(): string
}

type Kind = 'counter' | 'gauge' | 'histogram'
interface Child {
  readonly labels: string
  lines(name: string, labels: string): string[]
}
interface Family {
  readonly kind: Kind
  readonly help: string
  readonly children: Map<string, Child>
}
interface Naming {
  readonly kind: Kind
  readonly name: string
  readonly help: string
  readonly labels: Labels | undefined
}

const maxChildren = 1000

export function createMetrics(): Metrics {
  const families = new Map<string, Family>()

  function child<T extends Child>({ kind, name, help, labels = {} }: Naming, make: (labels: string) => T): T {
    let family = families.get(name)
    if (family === undefined) families.set(name, (family = { kind, help, children: new Map() }))
    let key = labelText(labels)
    if (!family.children.has(key) && family.children.size >= maxChildren) {
      key = labelText(Object.fromEntries(Object.keys(labels).map((label) => [label, 'other'])))
    }
    const known = family.children.get(key)
    if (known !== undefined) return known as T
    const made = make(key)
    family.children.set(key, made)
    return made
  }

  return {
    counter: (name, help, labels) => child({ kind: 'counter', name, help, labels }, (key) => new Value(key)),
    gauge: (name, help, labels) => child({ kind: 'gauge', name, help, labels }, (key) => new Value(key)),
    gaugeFrom: (name, help, read, labels) => {
      child({ kind: 'gauge', name, help, labels }, (key) => ({
        labels: key,
        lines: (as, text) => [`${as}${braces(text)} ${read()}`],
      }))
    },
    histogram: (name, help, bounds, labels) =>
      child({ kind: 'histogram', name, help, labels }, (key) => new Buckets(key, bounds)),
    render: () => renderAll(families),
  }
}

class Value implements Child, Counter, Gauge {
  readonly labels: string
  value = 0
  constructor(labels: string) {
    this.labels = labels
  }
  add(amount = 1): void {
    this.value += amount
  }
  set(value: number): void {
    this.value = value
  }
  lines(name: string, labels: string): string[] {
    return [`${name}${braces(labels)} ${this.value}`]
  }
}

class Buckets implements Child, Histogram {
  readonly labels: string
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum = 0
  constructor(labels: string, bounds: readonly number[]) {
    this.labels = labels
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }
  observe(value: number): void {
    let index = 0
    while (index < this.bounds.length && value > this.bounds[index]!) index++
    this.counts[index]!++
    this.sum += value
  }
  lines(name: string, labels: string): string[] {
    const lines: string[] = []
    let total = 0
    for (const [index, count] of this.counts.entries()) {
      total += count
      const le = index < this.bounds.length ? String(this.bounds[index]) : '+Inf'
      lines.push(`${name}_bucket${braces(`${labels}${labels === '' ? '' : ','}le="${le}"`)} ${total}`)
    }
    lines.push(`${name}_sum${braces(labels)} ${this.sum}`, `${name}_count${braces(labels)} ${total}`)
    return lines
  }
}

function renderAll(families: Map<string, Family>): string {
  const lines: string[] = []
  for (const [name, family] of families) {
    lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.kind}`)
    for (const one of family.children.values()) lines.push(...one.lines(name, one.labels))
  }
  return `${lines.join('\n')}\n`
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`)
    .join(',')
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}
