// The apps that a person has let in, for the page that lists them and takes them back. A grant is made in one session, so one
// app may stand there more than once; it is taken back as a whole.

import { isObject } from '../../pod/auth/jws.ts'
import type { ConnectedApp, Provider } from './contract.ts'
import { viewOf } from './clients.ts'
import type { Records, StoredRecord } from './records.ts'
import { readSubject } from './subject.ts'

export function createApps(
  records: Pick<Records, 'grantsOf' | 'revoke'>,
): Pick<Provider, 'apps' | 'revokeApp' | 'revokeWebId'> {
  async function revoke(account: string, isMeant: (app: ConnectedApp) => boolean): Promise<boolean> {
    const meant = (await records.grantsOf(account)).map(appOf).filter(isMeant)
    await records.revoke(meant.map((app) => app.grantId))
    return meant.length > 0
  }
  return {
    apps: async (account) => (await records.grantsOf(account)).map(appOf),
    revokeApp: (account, clientId) => revoke(account, (app) => app.client.id === clientId),
    async revokeWebId(account, webId) {
      await revoke(account, (app) => app.webId === webId)
    },
  }
}

function appOf({ id, payload }: StoredRecord): ConnectedApp {
  const { clientId, app, iat, openid, accountId } = payload
  const scope = isObject(openid) ? String(openid['scope']) : ''
  const { name, logoUri, uri } = isObject(app) ? app : {}
  const metadata = { client_name: name, logo_uri: logoUri, client_uri: uri }
  return {
    grantId: id,
    client: viewOf(String(clientId), metadata),
    webId: readSubject(accountId)?.webId ?? '',
    createdMs: Number(iat) * 1000,
    isOffline: scope.split(' ').includes('offline_access'),
  }
}
