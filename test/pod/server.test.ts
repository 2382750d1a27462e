// Reads through the pod server on a real store: what is in memory is current after every commit, answers of memory need no
// promise, and who may not know learns nothing. Writes only prepare what is read.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { alice, bob, makePublic, openScene, see } from './scene.ts'

const scene = await openScene()
await makePublic(scene)
after(() => scene[Symbol.asyncDispose]())

const { ask, put } = scene
const closed = `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#a> a acl:Authorization; acl:agent <${alice}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write.`
const isSync = (method: string, path: string, headers = {}): boolean =>
  !(scene.server.handle(scene.request(method, path, { headers })) instanceof Promise)

test('a read of what is in memory is answered without a promise, in all its forms', async () => {
  await put('/hot/a.ttl', '<> a <#x>.'.padEnd(2000))
  const headers = { origin: 'https://app.example', accept: 'text/html,*/*;q=0.8', 'accept-encoding': 'gzip, br' }
  const { header } = await ask('GET', '/hot/a.ttl', { headers })
  assert.equal(header('content-encoding'), 'br')
  assert.ok(isSync('GET', '/hot/a.ttl'))
  assert.ok(isSync('GET', '/hot/a.ttl', headers))
  assert.ok(isSync('HEAD', '/hot/a.ttl', headers))
  assert.ok(isSync('GET', '/hot/a.ttl', { ...headers, 'if-none-match': header('etag')! }))
  await ask('GET', '/hot/')
  assert.ok(isSync('GET', '/hot/'))
})

test('pitfalls 17 and 18: HEAD and 304 have the headers of GET, also on errors', async () => {
  await put('/head.ttl', '<> a <#x>.')
  const headers = { origin: 'https://app.example' }
  for (const path of ['/head.ttl', '/', '/missing', '/.acl']) {
    const [get, head] = [await ask('GET', path, { headers }), await ask('HEAD', path, { headers })]
    assert.deepEqual(head.response.headers, get.response.headers, path)
    assert.equal(head.status, get.status)
    assert.equal(head.bytes.length, 0)
    assert.equal(Number(head.header('content-length')), get.bytes.length)
  }
  const etag = (await ask('GET', '/head.ttl')).header('etag')!
  const same = await ask('GET', '/head.ttl', { headers: { ...headers, 'if-none-match': etag } })
  assert.equal(same.status, 304)
  for (const name of ['etag', 'vary', 'last-modified', 'access-control-allow-origin'])
    assert.ok(same.header(name), name)
})

test('a listing follows every commit, line by line', async () => {
  await put('/list/b.txt', 'b', 'text/plain')
  await ask('GET', '/list/')
  await put('/list/a.ttl', '')
  await put('/list/d/e.ttl', '')
  await ask('DELETE', '/list/b.txt', { as: alice })
  await put('/list/a.ttl', '<> a <#grown>.')
  assert.ok(isSync('GET', '/list/'))
  const kept = await ask('GET', '/list/')
  const home = await scene.homes.of(scene.pod)
  const entry = await home.load('/list/')
  home.forget(entry)
  const read = await ask('GET', '/list/')
  assert.equal(kept.text, read.text)
  assert.equal(kept.header('etag'), read.header('etag'))
  assert.match(kept.text, /<a\.ttl> a [^\n]*stat:size 14\./)
  assert.match(kept.text, /<> ldp:contains <d\/>/)
  assert.doesNotMatch(kept.text, /b\.txt/)
})

test('a container shows its .meta, and its ETag follows it', async () => {
  await put('/described/x.ttl', '')
  const before = await ask('GET', '/described/')
  await put('/described/.meta', '<./> <http://purl.org/dc/terms/title> "Holidays".')
  const after = await ask('GET', '/described/')
  assert.match(after.text, /Holidays/)
  assert.notEqual(after.header('etag'), before.header('etag'))
  const deleted = await ask('DELETE', '/described/.meta', { as: alice })
  assert.equal(deleted.status, 205)
  assert.doesNotMatch((await ask('GET', '/described/')).text, /Holidays/)
})

test('every document is what was last put, while eight write and eight read it', async () => {
  let last = 0
  await put('/race.txt', '0', 'text/plain')
  const write = async (from: number): Promise<void> => {
    for (let step = 0; step < 20; step++) {
      await put('/race.txt', String(from * 100 + step), 'text/plain')
      const seen = await ask('GET', '/race.txt')
      assert.equal(seen.status, 200)
      last++
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, from) => write(from)))
  assert.equal(last, 160)
  const home = await scene.homes.of(scene.pod)
  const resident = await ask('GET', '/race.txt')
  home.forget(await home.load('/race.txt'))
  assert.equal((await ask('GET', '/race.txt')).text, resident.text)
})

test('pitfall 41: a private name that is missing looks like one that exists', async () => {
  await put('/private/x.ttl', '<> a <#secret>.')
  await put('/private/.acl', closed)
  for (const as of [undefined, bob]) {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const asking = as === undefined ? {} : { as }
      const [here, gone] = [await ask(method, '/private/x.ttl', asking), await ask(method, '/private/y.ttl', asking)]
      assert.equal(here.status, gone.status)
      const differ = here.response.headers.map((value) => value.replaceAll('x.ttl', 'y.ttl'))
      assert.deepEqual(differ, gone.response.headers)
      assert.equal(here.text, gone.text)
    }
  }
  assert.equal((await ask('GET', '/private/x.ttl')).status, 401)
  assert.equal((await ask('GET', '/private/x.ttl', { as: bob })).status, 403)
  assert.equal((await ask('GET', '/private/x.ttl', { as: alice })).header('cache-control'), 'private, no-cache')
})

test('a missing ACL is 404 to who controls it, and nobody else learns that', async () => {
  assert.equal((await ask('GET', '/nothing.acl', { as: alice })).status, 404)
  assert.equal((await ask('GET', '/nothing.acl', { as: bob })).status, 403)
  assert.equal((await ask('GET', '/nothing.acl')).status, 401)
})

test('G 15: the 404 of a document already says how to create it', async () => {
  const { header } = await ask('GET', '/new.ttl', { as: alice })
  assert.match(header('accept-patch') ?? '', /application\/sparql-update/)
  assert.equal(header('allow'), 'OPTIONS, PUT, PATCH')
  assert.equal(header('wac-allow'), 'user="read write append control",public="read"')
  assert.match(header('link') ?? '', /new\.ttl\.acl>; rel="acl"/)
})

test('pitfall 24: ranges are of the stored bytes, whether they lie in memory or are streamed', async () => {
  const large = Buffer.alloc(600_000, 'abcdefghij')
  await put('/large.bin', large, 'application/octet-stream')
  await put('/small.txt', large.subarray(0, 5000), 'text/plain')
  for (const [path, size] of [
    ['/large.bin', 600_000],
    ['/small.txt', 5000],
  ] as const) {
    const headers = { range: 'bytes=4995-9999999', 'accept-encoding': 'gzip' }
    const seen = await ask('GET', path, { headers })
    assert.equal(seen.status, 206)
    assert.equal(seen.header('content-range'), `bytes 4995-${size - 1}/${size}`)
    assert.deepEqual(seen.bytes, large.subarray(4995, size))
    const beyond = await ask('GET', path, { headers: { range: `bytes=${size}-` } })
    assert.equal(beyond.status, 416)
    assert.equal(beyond.header('content-range'), `bytes */${size}`)
    const outdated = await ask('GET', path, { headers: { range: 'bytes=0-1', 'if-range': '"old"' } })
    assert.equal(outdated.status, 200)
  }
  const converted = await ask('GET', '/', { headers: { range: 'bytes=0-3' } })
  assert.equal(converted.status, 200)
})

test('methods: unknown 501, TRACE 405 with Allow, reserved names are nobody’s', async () => {
  assert.equal((await ask('BREW', '/')).status, 501)
  assert.equal((await ask('get', '/')).status, 501)
  const trace = await ask('TRACE', '/')
  assert.equal(trace.status, 405)
  assert.match(trace.header('allow') ?? '', /GET/)
  assert.equal((await ask('GET', '/.internal/x', { as: alice })).status, 404)
  assert.equal((await ask('GET', '/.notifications/', { as: alice })).status, 404)
  assert.equal((await ask('GET', '/.well-known/solid')).status, 200)
})

test('rule 15: what a browser might run is sandboxed below a shared origin, and is no service worker', async () => {
  await put('/page.html', '<script>1</script>', 'text/html')
  await put('/graph.svg', '<svg/>', 'image/svg+xml')
  for (const path of ['/page.html', '/graph.svg']) {
    const policy = (await ask('GET', path)).header('content-security-policy') ?? ''
    assert.match(policy, /^sandbox /)
    assert.doesNotMatch(policy, /allow-same-origin/)
  }
  assert.equal((await ask('GET', '/race.txt')).header('content-security-policy'), undefined)
  assert.equal((await ask('GET', '/page.html', { headers: { 'service-worker': 'script' } })).status, 403)
})

test('a person gets a page in their language, where names are text and nothing runs', async () => {
  await put('/page/%3Cscript%3E.txt', 'x', 'text/plain')
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  const page = await ask('GET', '/page/', { headers: { accept, 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' } })
  assert.equal(page.header('content-type'), 'text/html; charset=utf-8')
  assert.match(page.text, /<html lang="zh-Hans">[\s\S]*名称/)
  assert.doesNotMatch(page.text, /<script/)
  assert.match(page.header('vary') ?? '', /Accept-Language/)
  assert.match(page.header('content-security-policy') ?? '', /default-src 'none'/)
  const english = await ask('GET', '/page/', { headers: { accept } })
  assert.match(english.text, /Name/)
  assert.notEqual(english.header('etag'), page.header('etag'))
})

test('a name with a colon is listed as the resource it is', async () => {
  await put('/colon/urn:x', '', 'text/plain')
  const listing = await ask('GET', '/colon/', { headers: { accept: 'application/n-triples' } })
  assert.match(listing.text, /<https:\/\/pods\.example\/alice\/colon\/urn:x>/)
})

test('a memory that holds nearly nothing gives the same answers', async () => {
  await using tiny = await openScene({ cacheBytes: 5000 })
  await makePublic(tiny)
  for (let index = 0; index < 20; index++) await tiny.put(`/c/${index}.txt`, `${index}`.padEnd(500), 'text/plain')
  for (let index = 0; index < 20; index++) {
    assert.equal((await tiny.ask('GET', `/c/${index}.txt`)).text, `${index}`.padEnd(500))
  }
  const listing = await see(await tiny.server.handle(tiny.request('GET', '/c/')))
  assert.equal(listing.text.match(/ldp:contains/g)?.length, 20)
})

test('pods with an origin of their own are not sandboxed, unless always', async () => {
  for (const [sandbox, expected] of [
    ['path-pods', undefined],
    ['always', 'sandbox allow-scripts allow-forms allow-popups allow-downloads'],
  ] as const) {
    await using own = await openScene({ podBase: 'https://alice.example/', sandbox })
    await own.put('/x.html', '<p>', 'text/html')
    assert.equal((await own.ask('GET', '/x.html', { as: alice })).header('content-security-policy'), expected)
  }
})
