// The digest of each pod (store rule 26), made again from the rows of its resources and compared with the one in its head. Rows
// come in the order of their pods, so one sum is open at a time. A pod that is being deleted has no digest that is true.

import { XpodError } from '../../../base/errors.ts'
import type { Side } from '../../../core/db/copy/table.ts'
import type { Row } from '../../../core/db/database.ts'
import { digestBytes, resourceDigest, xorInto } from '../../../pod/store/digest.ts'
import { resourceKey } from './tables.ts'

interface HeadOfPod extends Row {
  readonly name: string | null
  readonly state: string
  readonly digest: Uint8Array
}

interface Sum {
  readonly pod: number
  readonly digest: Uint8Array
}

export class PodDigests {
  readonly #db: Side['db']
  #open: Sum | undefined
  #agreeing = 0

  constructor({ db }: Side) {
    this.#db = db
  }

  /** A row of `resource`. Throws COPY_MISMATCH. */
  async add(row: Row): Promise<void> {
    const pod = row.pod as number
    if (this.#open?.pod !== pod) {
      if (this.#open !== undefined) await this.#settle(this.#open)
      this.#open = { pod, digest: new Uint8Array(digestBytes) }
    }
    xorInto(this.#open.digest, digestOf(row))
  }

  /** How many pods agree. Throws COPY_MISMATCH, also for a pod without resources. */
  async end(): Promise<number> {
    if (this.#open !== undefined) await this.#settle(this.#open)
    const query = "SELECT count(*) AS pods FROM pod_head WHERE state <> 'deleting'"
    const [row] = await this.#db.read<Row & { pods: number }>(query, [])
    if (row!.pods !== this.#agreeing) {
      throw new XpodError('COPY_MISMATCH', `${row!.pods - this.#agreeing} pods have no resources`)
    }
    return this.#agreeing
  }

  async #settle({ pod, digest }: Sum): Promise<void> {
    const query = `SELECT (SELECT p.name FROM pod p WHERE p.pod = h.pod) AS name, h.state, h.digest
      FROM pod_head h WHERE h.pod = ?`
    const [head] = await this.#db.read<HeadOfPod>(query, [pod])
    if (head === undefined) throw new XpodError('COPY_MISMATCH', `there are resources of pod ${pod}, which is no pod`)
    if (head.state === 'deleting') return
    if (Buffer.compare(head.digest, digest) !== 0) {
      throw new XpodError('COPY_MISMATCH', `the digest of pod ${head.name ?? pod} is not that of its resources`)
    }
    this.#agreeing++
  }
}

function digestOf(row: Row): Buffer {
  return resourceDigest({
    key: resourceKey(row.parent as string, row.name as string),
    kind: row.kind as number,
    mediaType: row.media_type as string,
    sha256: row.sha256 as Uint8Array,
    modifiedMs: row.modified_ms as number,
    size: row.size as number,
  })
}
