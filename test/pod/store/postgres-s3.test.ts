// The pod store on the pair of stores that a cluster runs on: PostgreSQL for rows, S3 for large bodies, both real.

import { after, before, describe } from 'node:test'

import { podStoreSuite } from '../../conformance/pod-store.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { openPostgresTestStore } from '../../support/postgres-store.ts'
import { lacksS3, type S3Server, startS3Server } from '../../support/s3-server.ts'
import { openS3World } from '../../support/s3-world.ts'

describe('on PostgreSQL and S3', { skip: lacksPostgres || lacksS3 }, () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(() => server[Symbol.asyncDispose]())

  podStoreSuite('postgres and S3', async () => {
    await using stack = new AsyncDisposableStack()
    const { objects } = stack.use(await openS3World(server))
    const world = stack.use(await openPostgresTestStore({ objects }))
    const owned = stack.move()
    return { ...world, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  })
})
