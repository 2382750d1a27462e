// The contract of the event bus: hints that something happened to a topic. A hint may be lost when nobody listens, merged
// with later ones or repeated; the feed of the topic is the truth and says what happened. A topic is any text, here the id
// of a pod. Every implementation passes test/conformance/bus.ts. Nothing is kept for later and nothing is delivered exactly once.

/** Where the feed of a topic had got to. */
export interface BusEvent {
  /** Counts the homes that the topic has had; within one, `seq` only grows. */
  readonly epoch: number
  readonly seq: number
  readonly mark: number
}

export interface Bus extends AsyncDisposable {
  /** Never throws, never waits. With nobody subscribed it costs one map lookup. */
  publish(topic: string, event: BusEvent): void
  /**
   * `handler` hears the newest event soon after it was published; of several in a row perhaps only the last, and none
   * twice on purpose. It is never told of an earlier seq after a later one of the same epoch. When the bus already knows
   * an event later than `fromSeq` it tells it at once. Handlers run outside the publisher's stack; what they throw is
   * logged and stays theirs. After the subscription is disposed of, nothing more is told.
   */
  subscribe(topic: string, fromSeq: number, handler: (event: BusEvent) => void): AsyncDisposable
}
