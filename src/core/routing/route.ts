// Host and raw path → pod, in memory. A pure lookup: no SQL, no promise. Fed by the pod directory now and by the control log
// of the cluster later. Path pods lie below the base (https://host/alice/), host pods beside it (https://alice.host/).

export interface Route<Pod> {
  readonly pod: Pod
  /** Raw path inside the pod, still to be made canonical; starts with a slash. */
  readonly rawPath: string
  /** The home of the pod; one node on SQLite. */
  readonly node: string
  readonly epoch: number
}
