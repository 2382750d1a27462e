// What physics and the runtime set as a limit: node:http doing the least that the same work needs, in a process of its own.
// GET: the headers and bytes that xpod answered, a file through a pipe, or an object of an S3 store. PUT: read, hash and parse,
// and store nothing; or write, hash and sync a file; or hand it to the S3 client.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Client } from 'minio'
import { Parser } from 'n3'

export type Bare =
  | { readonly kind: 'bytes'; readonly status: number; readonly headers: readonly string[]; readonly body: string }
  | { readonly kind: 'file'; readonly path: string; readonly headers: readonly string[] }
  | { readonly kind: 'parse'; readonly headers: readonly string[] }
  | { readonly kind: 'store'; readonly path: string }
  | { readonly kind: 's3-get'; readonly place: S3Place; readonly headers: readonly string[] }
  | { readonly kind: 's3-put'; readonly place: S3Place }

/** An object in an S3 store on this machine. */
export interface S3Place {
  readonly port: number
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  readonly bucket: string
  readonly key: string
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void

const kinds: { readonly [K in Bare['kind']]: (bare: Extract<Bare, { kind: K }>) => Serve } = {
  bytes: ({ status, headers, body }) => {
    const bytes = Buffer.from(body, 'base64')
    const list = [...headers]
    return (_request, response) => {
      response.writeHead(status, list)
      response.end(bytes.length === 0 ? undefined : bytes)
    }
  },
  file: ({ path, headers }) => {
    const list = [...headers]
    return (_request, response) => {
      response.writeHead(200, list)
      createReadStream(path).pipe(response)
    }
  },
  parse: ({ headers }) => {
    const list = [...headers]
    return (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks)
        createHash('sha256').update(body).digest()
        new Parser({ baseIRI: 'http://localhost/' }).parse(body.toString())
        response.writeHead(204, list)
        response.end()
      })
    }
  },
  store:
    ({ path }) =>
    (request, response) => {
      void storeBody(path, request).then(() => response.writeHead(201).end())
    },
  's3-get': ({ place, headers }) => {
    const client = clientOf(place)
    const list = [...headers]
    return (_request, response) => {
      void client.getObject(place.bucket, place.key).then((body) => {
        response.writeHead(200, list)
        body.pipe(response)
      })
    }
  },
  's3-put': ({ place }) => {
    const client = clientOf(place)
    return (request, response) => {
      const size = Number(request.headers['content-length'])
      void client.putObject(place.bucket, place.key, request, size).then(() => response.writeHead(201).end())
    }
  },
}

function clientOf({ port, region, accessKey, secretKey }: S3Place): Client {
  return new Client({ endPoint: '127.0.0.1', port, useSSL: false, region, accessKey, secretKey })
}

async function storeBody(path: string, request: IncomingMessage): Promise<void> {
  await using file = await open(path, 'w')
  const hash = createHash('sha256')
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk)
    await file.write(chunk)
  }
  hash.digest()
  await file.sync()
}

if (process.send !== undefined) {
  let serve: Serve = (_request, response) => response.writeHead(404).end()
  const server = createServer((request, response) => serve(request, response)).listen(0, '127.0.0.1', () => {
    process.send!((server.address() as AddressInfo).port)
  })
  server.keepAliveTimeout = 75_000
  process.on('message', (bare: Bare) => {
    serve = (kinds[bare.kind] as (bare: Bare) => Serve)(bare)
    process.send!('ready')
  })
}
