// Which WebIDs and pods belong to which account. A WebID belongs to one account, because one can log in by it.

import type { Row } from '../../../core/db/database.ts'
import type { Accounts, PodLink, WebIdLink } from '../accounts.ts'
import { requireWebId } from '../fields.ts'
import { XpodError } from '../../../base/errors.ts'
import { holdAccount, must, type Parts, requireRoom, step, writeAll } from './parts.ts'
import { takeBackCredentialsOfWebId } from './take-back.ts'

interface LinkRow extends Row {
  readonly id: string
  readonly account: string
  readonly web_id: string
  readonly created_ms: number
}

interface PodLinkRow extends Row {
  readonly pod: string
  readonly account: string
  readonly delete_at_ms: number | null
}

const maxDue = 100
const columns = 'id, account, web_id, created_ms'
const selectLink = `SELECT ${columns} FROM web_id_link WHERE web_id = ?`

type Links = Pick<
  Accounts,
  | 'linkWebId'
  | 'unlinkWebId'
  | 'webIds'
  | 'accountOfWebId'
  | 'linkPod'
  | 'unlinkPod'
  | 'pods'
  | 'podLinks'
  | 'setPodDelete'
  | 'duePods'
  | 'linkOfPod'
>

export function createLinks({ db, clock, random, tookBack, withdrew, linked }: Parts): Links {
  async function findLink(webId: string): Promise<WebIdLink | undefined> {
    const [row] = await db.read<LinkRow>(selectLink, [webId])
    return row === undefined ? undefined : linkOf(row)
  }

  return {
    async linkWebId(account, webId) {
      requireWebId(webId)
      await requireRoom(db, 'web_id_link', account)
      const insert = `INSERT INTO web_id_link (web_id, id, account, created_ms) VALUES (?, ?, ?, ?)
        ON CONFLICT (web_id) DO NOTHING`
      await writeAll(db, [holdAccount(account), step(insert, [webId, random.uuid(), account, clock.nowMs()])])
      linked()
      const link = await findLink(webId)
      if (link?.account !== account) throw new XpodError('WEBID_TAKEN')
      return link
    },
    async unlinkWebId(account, webId) {
      const query = 'DELETE FROM web_id_link WHERE web_id = ? AND account = ?'
      await writeAll(db, [
        must('WEBID_UNKNOWN', query, [webId, account]),
        ...takeBackCredentialsOfWebId(account, webId, clock.nowMs()),
      ])
      linked()
      await tookBack()
    },
    async webIds(account) {
      const query = `SELECT ${columns} FROM web_id_link WHERE account = ? ORDER BY created_ms, web_id`
      return (await db.read<LinkRow>(query, [account])).map(linkOf)
    },
    async accountOfWebId(webId) {
      return (await findLink(webId))?.account
    },

    async linkPod(account, podId) {
      const insert = `INSERT INTO pod_link (pod, account, created_ms) VALUES (?, ?, ?)
        ON CONFLICT (pod) DO UPDATE SET account = excluded.account`
      await writeAll(db, [holdAccount(account), step(insert, [podId, account, clock.nowMs()])])
    },
    async unlinkPod(account, podId) {
      await writeAll(db, [step('DELETE FROM pod_link WHERE pod = ? AND account = ?', [podId, account])])
    },
    async pods(account) {
      const query = 'SELECT pod FROM pod_link WHERE account = ? ORDER BY created_ms, pod'
      return (await db.read<Row & { pod: string }>(query, [account])).map((row) => row.pod)
    },
    async podLinks(account) {
      const query = 'SELECT pod, account, delete_at_ms FROM pod_link WHERE account = ? ORDER BY created_ms, pod'
      return (await db.read<PodLinkRow>(query, [account])).map(podLinkOf)
    },
    async setPodDelete(account, podId, atMs) {
      const query = 'UPDATE pod_link SET delete_at_ms = ? WHERE pod = ? AND account = ?'
      await writeAll(db, [must('POD_UNKNOWN', query, [atMs ?? null, podId, account])])
      await withdrew()
    },
    async duePods() {
      const query = `SELECT pod, account, delete_at_ms FROM pod_link WHERE delete_at_ms <= ?
        ORDER BY delete_at_ms LIMIT ${maxDue}`
      return (await db.read<PodLinkRow>(query, [clock.nowMs()])).map(podLinkOf)
    },
    async linkOfPod(podId) {
      const [row] = await db.read<PodLinkRow>('SELECT pod, account, delete_at_ms FROM pod_link WHERE pod = ?', [podId])
      return row && podLinkOf(row)
    },
  }
}

function linkOf(row: LinkRow): WebIdLink {
  return { id: row.id, account: row.account, webId: row.web_id, createdMs: row.created_ms }
}

function podLinkOf({ pod, account, delete_at_ms: deleteAtMs }: PodLinkRow): PodLink {
  return { pod, account, ...(deleteAtMs === null ? {} : { deleteAtMs }) }
}
