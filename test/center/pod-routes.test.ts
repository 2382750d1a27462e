// A packed record is the record.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { podPacking } from '../../src/center/pod-routes.ts'
import type { PodRecord } from '../../src/pod/store/resource.ts'

const baseUrl = 'https://pods.example/'
const usual: PodRecord = {
  id: '0198c0de-0000-7000-8000-000000000001',
  name: 'alice',
  base: `${baseUrl}alice/`,
  aliases: [],
  owners: [`${baseUrl}alice/profile/card#me`],
  shownOwners: [],
  quotaBytes: 1e9,
  quotaResources: 100_000,
  createdMs: 1_790_000_000_000,
}
const { pack, unpack } = podPacking(baseUrl)

for (const [name, record] of Object.entries<PodRecord>({
  'as pods usually are': usual,
  'with a host of its own': { ...usual, base: 'https://alice.pods.example/' },
  'with other owners': { ...usual, owners: ['https://id.example/a', 'https://id.example/b#me'] },
  'with former bases': { ...usual, aliases: ['https://old.example/', 'https://older.example/alice/'] },
  'whose owner is shown': { ...usual, shownOwners: usual.owners },
  'with everything': {
    ...usual,
    base: 'https://a.example/',
    owners: ['https://id.example/a', 'https://id.example/b'],
    shownOwners: ['https://id.example/b'],
    aliases: [usual.base],
  },
})) {
  test(`a pod ${name} is unpacked as it was packed`, () => assert.deepEqual(unpack(pack(record)), record))
}

test('a usual pod takes less than 100 bytes', () => assert.ok(pack(usual).length < 100))
