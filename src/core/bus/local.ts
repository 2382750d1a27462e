// The bus of one process: a map from topic to those who listen. Events of one turn of the loop are merged, so a thousand
// commits wake a listener once. Memory: a record a topic that somebody listens to, one a listener; who subscribes bounds
// them. Nothing is remembered of a topic without listeners.

import assert from 'node:assert/strict'

import type { Log } from '../../base/log.ts'
import type { Bus, BusEvent } from './bus.ts'

interface Listener {
  readonly handler: (event: BusEvent) => void
  /** The last event it was told. */
  told: BusEvent | undefined
}

interface Topic {
  readonly listeners: Set<Listener>
  newest: BusEvent | undefined
}

export function createLocalBus(options: { readonly log: Log }): Bus {
  return new LocalBus(options.log)
}

class LocalBus implements Bus {
  readonly #log: Log
  readonly #topics = new Map<string, Topic>()
  /** Topics with something to tell at the end of this turn. */
  readonly #due = new Set<Topic>()
  #closed = false

  constructor(log: Log) {
    this.#log = log
  }

  publish(topic: string, event: BusEvent): void {
    const known = this.#topics.get(topic)
    if (known === undefined) return
    if (known.newest !== undefined && !isLater(event, known.newest)) return
    known.newest = event
    this.#wake(known)
  }

  subscribe(name: string, fromSeq: number, handler: (event: BusEvent) => void): AsyncDisposable {
    assert(!this.#closed, 'the bus is closed')
    let topic = this.#topics.get(name)
    if (topic === undefined) this.#topics.set(name, (topic = { listeners: new Set(), newest: undefined }))
    const { listeners, newest } = topic
    // What it does not need to hear counts as told.
    const listener: Listener = { handler, told: newest !== undefined && newest.seq <= fromSeq ? newest : undefined }
    listeners.add(listener)
    if (newest !== listener.told) this.#wake(topic)
    return {
      [Symbol.asyncDispose]: async () => {
        listeners.delete(listener)
        if (listeners.size === 0 && this.#topics.get(name) === topic) this.#topics.delete(name)
      },
    }
  }

  #wake(topic: Topic): void {
    this.#due.add(topic)
    if (this.#due.size === 1) setImmediate(() => this.#tell())
  }

  #tell(): void {
    const due = [...this.#due]
    this.#due.clear()
    for (const { listeners, newest } of due) {
      if (newest === undefined) continue
      for (const listener of listeners) {
        if (listener.told === newest) continue
        listener.told = newest
        this.#call(listener, newest)
      }
    }
  }

  #call(listener: Listener, event: BusEvent): void {
    try {
      listener.handler(event)
    } catch (error) {
      this.#log.error('bus.handler', { error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const { listeners } of this.#topics.values()) listeners.clear()
    this.#topics.clear()
  }
}

function isLater(event: BusEvent, than: BusEvent): boolean {
  return event.epoch === than.epoch ? event.seq > than.seq : event.epoch > than.epoch
}
