// ACL documents: parsed, and judged by rules of their own; nothing that cannot be understood widens access.

import assert from 'node:assert/strict'

import { silentLog } from '../../../src/base/log.ts'
import { checkAcl, parseAcl } from '../../../src/pod/access/acl-document.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import type { PodRecord } from '../../../src/pod/store/resource.ts'
import type { Target } from '../target.ts'

const pod: PodRecord = {
  id: '0190b0a0-0000-7000-8000-000000000000',
  name: 'alice',
  base: 'https://pod.example/alice/',
  aliases: ['https://old.example/alice/'],
  owners: ['https://pod.example/alice/profile/card#me'],
  shownOwners: [],
  quotaBytes: 1e9,
  quotaResources: 1e5,
  createdMs: 0,
}
// Documents of this size never reach the thread, so there is nothing to close.
const rdf = openRdfWorkers({ log: silentLog })

export const aclTarget: Target = {
  name: 'acl',
  snippets: [
    '@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n',
    '@prefix foaf: <http://xmlns.com/foaf/0.1/>.\n',
    '<#o> a acl:Authorization',
    'acl:accessTo <./>',
    'acl:default <./>',
    'acl:default <.>',
    'acl:agent <https://a/#me>',
    'acl:agentClass foaf:Agent',
    'acl:agentClass acl:AuthenticatedAgent',
    'acl:agentGroup <groups#g>',
    'acl:origin <https://app/>',
    'acl:mode acl:Read, acl:Write',
    'acl:mode acl:Control',
    'acl:mode acl:Everything',
    'acl:condition <x>',
    ' ; ',
    ' . ',
    '[ ',
    ' ]',
    '_:x ',
    '"lit"',
    '<https://old.example/alice/x>',
    '<https://pod.example/alice/%2e%2e/bob/>',
    '<//x>',
    '<mailto:a@b>',
  ],
  run: async (input) => {
    for (const aclPath of ['/.acl', '/notes/doc.acl']) {
      const document = { bytes: Buffer.from(input), mediaType: 'text/turtle', pod, aclPath, rdf }
      const { authorizations } = await parseAcl(document)
      for (const one of authorizations) {
        assert.ok([...one.accessTo, ...one.default].every((path) => path.startsWith('/')))
        assert.ok(one.modes >= 0 && one.modes <= 15)
      }
      await checkAcl(document)
    }
  },
}
