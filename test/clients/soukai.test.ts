// soukai and soukai-solid, the object mapper of apps such as Umai and Media Kraken, with a model of its own.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { FieldType, setEngine } from 'soukai'
import { bootSolidModels, defineSolidModelSchema, SolidContainer, SolidEngine } from 'soukai-solid'

import { type ClientsWorld, openClientsWorld } from './world.ts'

class Movie extends defineSolidModelSchema({
  rdfContexts: { schema: 'https://schema.org/' },
  rdfsClass: 'Movie',
  timestamps: false,
  fields: {
    title: { rdfProperty: 'name', type: FieldType.String },
    imageUrls: { rdfProperty: 'image', type: FieldType.Array, items: FieldType.Key },
    rating: { rdfProperty: 'contentRating', type: FieldType.Number },
  },
}) {}

let world: ClientsWorld
before(async () => {
  world = await openClientsWorld()
  bootSolidModels()
  Movie.boot('Movie')
  setEngine(new SolidEngine(world.fetch))
})
after(() => world[Symbol.asyncDispose]())

/** The document of a model, as it now is on the server. */
async function textOf(url: string): Promise<string> {
  const answer = await world.fetch(url, { headers: { accept: 'text/turtle' } })
  assert.equal(answer.status, 200)
  return answer.text()
}

test('a model is created in a container, with a name that has no extension, and found again', async () => {
  const container = world.fresh()
  const made = await Movie.at(container).create({ title: 'Spirited Away', imageUrls: ['https://example.org/a.png'] })
  assert.ok(made.url.startsWith(container))
  assert.doesNotMatch(made.url.split('/').at(-1)!.split('#')[0]!, /\./)
  const found = await Movie.find(made.url)
  assert.equal(found?.title, 'Spirited Away')
  assert.deepEqual(found?.imageUrls, ['https://example.org/a.png'])
})

test('a model is changed and a field of it removed', async () => {
  const movie = await Movie.at(world.fresh()).create({ title: 'Totoro', rating: 1 })
  await movie.update({ title: 'My Neighbour Totoro' })
  movie.unsetAttribute('rating')
  await movie.save()
  const text = await textOf(movie.url.split('#')[0]!)
  assert.match(text, /"My Neighbour Totoro"/)
  assert.doesNotMatch(text, /"Totoro"|contentRating/)
})

test('all models of a container are listed', async () => {
  const container = world.fresh()
  await Movie.at(container).create({ title: 'one' })
  await Movie.at(container).create({ title: 'two' })
  const all = await Movie.from(container).all()
  assert.deepEqual(all.map(({ title }) => title).sort(), ['one', 'two'])
})

test('a taken name leads to another one, and what is there stays', async () => {
  const container = world.fresh()
  const first = await Movie.at(container).create({ title: 'one' })
  const second = await Movie.at(container).create({ url: first.url, title: 'two' })
  assert.notEqual(second.url, first.url)
  assert.equal((await Movie.find(first.url))?.title, 'one')
})

test('a container is created with a name that is kept in its description', async () => {
  const url = world.fresh()
  const made = await SolidContainer.at(world.alice.pod).create({ url, name: 'My shelf' })
  assert.equal(made.url, url)
  assert.match(await textOf(`${url}.meta`), /"My shelf"/)
})

test('a deleted model is gone', async () => {
  const movie = await Movie.at(world.fresh()).create({ title: 'Ponyo' })
  const { url } = movie
  await movie.delete()
  assert.equal((await world.fetch(url)).status, 404)
  assert.equal(await Movie.find(url), null)
})
