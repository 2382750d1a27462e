// Group documents (rule 6): in the pod, in other pods of the service, on other servers.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { MiB } from '../../../src/base/bytes.ts'
import { XpodError } from '../../../src/base/errors.ts'
import type { Fetched } from '../../../src/core/http/fetch-door.ts'
import { read, write } from '../../../src/pod/access/modes.ts'
import { accessScene, prefixes, type SceneOptions } from '../../support/access.ts'

const bob = 'https://bob.example/card#me'
const carol = 'https://carol.example/card#me'
const far = 'https://far.example/groups'

function groupRule(iri: string, modes = 'Read'): string {
  return `[] a acl:Authorization; acl:accessTo <x>; acl:agentGroup <${iri}>; acl:mode acl:${modes}.\n`
}

function members(...webIds: string[]): string {
  return `<#g> a vcard:Group; vcard:hasMember ${webIds.map((webId) => `<${webId}>`).join(', ')}.`
}

function fetched(url: string, turtle: string): Fetched {
  return { url, status: 200, mediaType: 'text/turtle', bytes: Buffer.from(prefixes + turtle), headers: {} }
}

/** A server elsewhere with one group document whose answer a test can change. */
function farServer(answer: (url: string) => Fetched | Promise<Fetched>) {
  const asked: string[] = []
  const door: NonNullable<SceneOptions['door']> = {
    fetch: async (url) => {
      asked.push(url)
      return await answer(url)
    },
  }
  return { asked, door }
}

test('a member of a group of the same pod has its modes, others have not', async () => {
  const scene = accessScene()
  scene.put('/groups', members(bob))
  scene.put('/x.acl', groupRule('groups#g', 'Write'))
  assert.equal(await scene.modes('/x', bob), 'write append')
  assert.equal(await scene.modes('/x', carol), '')
  assert.equal(await scene.modes('/x'), '')
})

test('another group of the same document does not count', async () => {
  const scene = accessScene()
  scene.put('/groups', `<#other> vcard:hasMember <${bob}>. ${members(carol)}`)
  scene.put('/x.acl', groupRule('groups#g'))
  assert.equal(await scene.modes('/x', bob), '')
})

test('a change of a group of the same pod counts for the next decision', async () => {
  const scene = accessScene()
  scene.put('/x.acl', groupRule('groups#g'))
  assert.equal(await scene.modes('/x', bob), '')
  scene.put('/groups', members(bob))
  assert.equal(await scene.modes('/x', bob), 'read')
  scene.put('/groups', members(carol))
  assert.equal(await scene.modes('/x', bob), '')
})

test('a membership that was looked up once is decided synchronously', async () => {
  const scene = accessScene()
  scene.put('/groups', members(bob))
  scene.put('/x.acl', groupRule('groups#g'))
  await scene.modes('/x', bob)
  assert.equal(scene.authorizer.modes(scene.pod, '/x', { webId: bob }), read)
})

test('a group document of the pod that is no RDF, or over 1 MiB, has no members', async () => {
  const scene = accessScene()
  scene.put('/x.acl', groupRule('groups#g'))
  scene.put('/groups', 'plain', 'text/plain')
  assert.equal(await scene.modes('/x', bob), '')
  scene.put('/groups', `${members(bob)}\n#${'x'.repeat(MiB)}`)
  assert.equal(await scene.modes('/x', bob), '')
})

test('members under a former base of the pod are the same people', async () => {
  const scene = accessScene({ pod: { aliases: ['http://localhost:3000/alice/'] } })
  scene.put('/groups', '<http://localhost:3000/alice/groups#g> vcard:hasMember <http://localhost:3000/alice/card#me>.')
  scene.put('/x.acl', groupRule('http://localhost:3000/alice/groups#g'))
  assert.equal(await scene.modes('/x', 'https://pods.example/alice/card#me'), 'read')
})

test('groups are not looked at for the public, nor when they could add nothing', async () => {
  const scene = accessScene()
  scene.put('/groups', members(bob))
  scene.put(
    '/x.acl',
    `${groupRule('groups#g')} <#a> a acl:Authorization; acl:accessTo <x>; acl:agent <${bob}>; acl:mode acl:Read.`,
  )
  assert.equal(await scene.modes('/x', bob), 'read')
  assert.equal(await scene.modes('/x'), '')
  assert.ok(!scene.reads.includes('/groups'))
})

test('a group elsewhere is fetched without its fragment and remembered for 5 minutes', async () => {
  const { door, asked } = farServer((url) => fetched(url, members(bob)))
  const scene = accessScene({ door })
  scene.put('/x.acl', groupRule(`${far}#g`))
  assert.equal(await scene.modes('/x', bob), 'read')
  scene.clock.advance(299_000)
  assert.equal(scene.authorizer.modes(scene.pod, '/x', { webId: bob }), read)
  assert.deepEqual(asked, [far])
  scene.clock.advance(2000)
  await scene.modes('/x', bob)
  assert.equal(asked.length, 2)
})

test('a group elsewhere that was found through a redirect keeps the name it was asked by', async () => {
  const { door } = farServer(() => fetched('https://far.example/moved', members(bob)))
  const scene = accessScene({ door })
  scene.put('/x.acl', groupRule(`${far}#g`))
  assert.equal(await scene.modes('/x', bob), 'read')
})

test('an unreachable group elsewhere is no match and no error, and is asked for again after 30 s', async () => {
  let isUp = false
  const { door, asked } = farServer((url) => {
    if (!isUp) throw new XpodError('FETCH_FAILED', 'down')
    return fetched(url, members(bob))
  })
  const scene = accessScene({ door })
  scene.put('/x.acl', groupRule(`${far}#g`))
  assert.equal(await scene.modes('/x', bob), '')
  isUp = true
  assert.equal(await scene.modes('/x', bob), '')
  assert.equal(asked.length, 1)
  scene.clock.advance(30_001)
  assert.equal(await scene.modes('/x', bob), 'read')
})

test('an answer other than 200, or one that is no RDF, is no match', async () => {
  for (const wrong of [{ status: 403 }, { mediaType: 'text/html' }, { bytes: Buffer.from('<#g> <') }]) {
    const { door } = farServer((url) => ({ ...fetched(url, members(bob)), ...wrong }))
    const scene = accessScene({ door })
    scene.put('/x.acl', groupRule(`${far}#g`))
    assert.equal(await scene.modes('/x', bob), '', JSON.stringify(wrong))
  }
})

test('a group elsewhere that can no longer be fetched counts for an hour and not longer', async () => {
  let isUp = true
  const { door } = farServer((url) => {
    if (!isUp) throw new XpodError('FETCH_FAILED', 'down')
    return fetched(url, members(bob))
  })
  const scene = accessScene({ door })
  scene.put('/x.acl', groupRule(`${far}#g`))
  await scene.modes('/x', bob)
  isUp = false
  for (let minute = 1; minute < 60; minute++) {
    scene.clock.advance(60_000)
    assert.equal(await scene.modes('/x', bob), 'read', `after ${minute} minutes`)
  }
  scene.clock.advance(60_000)
  assert.equal(await scene.modes('/x', bob), '')
})

test('a group of another pod of this service is read from the store, and again after 30 s', async () => {
  const near = 'https://pods.example/bob/groups'
  let body = members(bob)
  let reads = 0
  const scene = accessScene({
    local: (url) => {
      if (!url.startsWith('https://pods.example/')) return undefined
      reads++
      return { bytes: Buffer.from(prefixes + body), mediaType: 'text/turtle', version: '1' }
    },
  })
  scene.put('/x.acl', groupRule(`${near}#g`))
  assert.equal(await scene.modes('/x', bob), 'read')
  body = members(carol)
  scene.clock.advance(29_000)
  assert.equal(await scene.modes('/x', bob), 'read')
  assert.equal(reads, 1)
  scene.clock.advance(2000)
  assert.equal(await scene.modes('/x', bob), '')
  assert.equal(await scene.modes('/x', carol), 'read')
})

test('a group of another pod that the public may not read is no match, and nothing is fetched over HTTP', async () => {
  const scene = accessScene({ local: () => null })
  scene.put('/x.acl', groupRule('https://pods.example/bob/groups#g'))
  assert.equal(await scene.modes('/x', bob), '')
})

test('many decisions at once fetch a group once', async () => {
  const gate = Promise.withResolvers<void>()
  const { door, asked } = farServer(async (url) => {
    await gate.promise
    return fetched(url, members(bob))
  })
  const scene = accessScene({ door })
  scene.put('/x.acl', groupRule(`${far}#g`, 'Write'))
  const decisions = Array.from(
    { length: 20 },
    async () => await scene.authorizer.modes(scene.pod, '/x', { webId: bob }),
  )
  gate.resolve()
  assert.deepEqual(new Set(await Promise.all(decisions)), new Set([write]))
  assert.equal(asked.length, 1)
})

test('only the first 16 group documents of an ACL are looked at', async () => {
  const { door, asked } = farServer((url) => fetched(url, url.endsWith('/17') ? members(carol) : members(bob)))
  const scene = accessScene({ door })
  const groups = Array.from({ length: 17 }, (_, index) => groupRule(`${far}/${index + 1}#g`))
  scene.put('/x.acl', groups.join(''))
  assert.equal(await scene.modes('/x', carol), '')
  assert.equal(asked.length, 16)
  assert.equal(await scene.modes('/x', bob), 'read')
})
