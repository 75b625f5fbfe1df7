import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { EXTERNAL_SOURCE } from '../../src/sandbox/directory.ts'
import {
  ADA,
  ADA_MERGED,
  assertError,
  assertFieldError,
  BRUNO,
  byExternalId,
  type Live,
  LOOKUP,
  startLive,
} from './live.ts'

const OTHER_SOURCE = { id: 'd1f3a2b4-0000-4000-8000-000000000002', name: 'Shop' }
const reference = (id: string) => ({ id, selfUri: `/api/v2/externalcontacts/contacts/${id}` })

describe(`POST ${LOOKUP}`, () => {
  let live: Live
  before(async () => {
    live = await startLive({ externalSources: [OTHER_SOURCE], rateLimitPerMinute: null })
  })

  for (const [name, identifier] of [
    ['external id', byExternalId],
    ['email', { type: 'Email', value: 'ada@example.com' }],
    ['email in capitals', { type: 'Email', value: 'ADA@Example.com' }],
    ['phone', { type: 'Phone', value: '+14155550101' }],
    ['a value with blanks around it', { type: 'Phone', value: '  +14155550101\n' }],
  ] as const) {
    it(`finds by ${name}`, async () => {
      const answer = await live.post(LOOKUP, identifier)
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.body, {
        id: ADA,
        type: 'Curated',
        firstName: 'Ada',
        lastName: 'Example',
        // Somebody else was merged into her.
        mergeSet: [reference(ADA), reference(ADA_MERGED)],
        mergedFrom: [reference(ADA_MERGED)],
        selfUri: `/api/v2/externalcontacts/contacts/${ADA}`,
      })
    })
  }

  it('says nothing of merges where there were none', async () => {
    const answer = await live.post(LOOKUP, { type: 'Email', value: 'bruno@example.com' })
    assert.deepEqual(answer.body, {
      id: BRUNO,
      type: 'Curated',
      firstName: 'Bruno',
      lastName: 'Beispiel',
      selfUri: `/api/v2/externalcontacts/contacts/${BRUNO}`,
    })
  })

  it('names the canonical contact of a merged one', async () => {
    const answer = await live.post(LOOKUP, { ...byExternalId, value: 'C-1006' })
    assert.equal(answer.body.id, ADA_MERGED)
    assert.deepEqual(answer.body.canonicalContact, reference(ADA))
    assert.deepEqual(answer.body.mergedTo, reference(ADA))
    assert.deepEqual(answer.body.mergeSet, [reference(ADA), reference(ADA_MERGED)])
  })

  for (const [name, identifier] of [
    ['an external id', { ...byExternalId, value: 'C-9' }],
    ['part of an external id', { ...byExternalId, value: 'C-100' }],
    ['an external id in other letters', { ...byExternalId, value: 'c-1001' }],
    ['an email', { type: 'Email', value: 'nobody@example.com' }],
    ['a phone number', { type: 'Phone', value: '+14155559999' }],
    ['a cookie', { type: 'Cookie', value: 'ada@example.com' }],
  ] as const) {
    it(`answers 404 where nobody has ${name}`, async () => {
      assertError(await live.post(LOOKUP, identifier), 404, 'not.found', /resource was not found/)
    })
  }

  it('answers 404 for an external source that the org does not have', async () => {
    const externalSource = { id: 'd1f3a2b4-0000-4000-8000-00000000ffff', name: 'CRM' }
    assertError(
      await live.post(LOOKUP, { ...byExternalId, externalSource }),
      404,
      'not.found',
      /external source/,
    )
  })

  it('knows an external id in its own number space only', async () => {
    const contact = { id: 'k-shop', name: 'Sam Shopper', externalId: '7', externalSourceId: OTHER_SOURCE.id }
    await live.ask('/sandbox/contacts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(contact),
    })
    const found = await live.post(LOOKUP, { type: 'ExternalId', value: '7', externalSource: OTHER_SOURCE })
    assert.equal(found.body.id, 'k-shop')
    const other = await live.post(LOOKUP, { type: 'ExternalId', value: '7', externalSource: EXTERNAL_SOURCE })
    assert.equal(other.status, 404)
  })

  for (const [name, identifier, field] of [
    ['a type that does not exist', { type: 'externalId', value: 'C-1001' }, 'type'],
    ['a value over 255 characters', { type: 'Email', value: 'a'.repeat(256) }, 'value'],
    ['a phone number that is not E.164', { type: 'Phone', value: '030 901820' }, 'value'],
    ['a phone number with blanks', { type: 'Phone', value: '+1 415 5550101' }, 'value'],
    ['an external id without externalSource', { type: 'ExternalId', value: 'C-1001' }, 'externalSource'],
  ] as const) {
    it(`answers 422 to ${name}`, async () => {
      const answer = await live.post(LOOKUP, identifier)
      assertError(answer, 422, 'invalid.value', new RegExp(`^${field} `))
      assert.equal((answer.body.details as { fieldName: string }[])[0]?.fieldName, field)
    })
  }

  it('takes 255 characters', async () => {
    assert.equal((await live.post(LOOKUP, { type: 'Email', value: 'a'.repeat(255) })).status, 404)
  })

  for (const [name, identifier, field, code] of [
    ['no type', { value: 'C-1001' }, 'type', 'missing.value'],
    ['no value', { type: 'Email' }, 'value', 'missing.value'],
    ['a null value', { type: 'Email', value: null }, 'value', 'missing.value'],
    ['a blank value', { type: 'Email', value: ' ' }, 'value', 'missing.value'],
    ['a number for a value', { type: 'ExternalId', value: 1001 }, 'value', 'invalid.value'],
    ['a list for a type', { type: ['Email'], value: 'a@example.com' }, 'type', 'invalid.value'],
    [
      'an externalSource that is a text',
      { ...byExternalId, externalSource: 'CRM' },
      'externalSource',
      'invalid.value',
    ],
    [
      'an externalSource without id',
      { ...byExternalId, externalSource: { name: 'CRM' } },
      'externalSource.id',
      'missing.value',
    ],
    [
      'an externalSource without name',
      { ...byExternalId, externalSource: { id: EXTERNAL_SOURCE.id } },
      'externalSource.name',
      'missing.value',
    ],
    [
      'a field that the API does not have',
      { ...byExternalId, externalID: 'x' },
      'externalID',
      'invalid.value',
    ],
  ] as const) {
    it(`answers 400 to ${name}`, async () => {
      assertFieldError(await live.post(LOOKUP, identifier), field, code, new RegExp(`^${field} `))
    })
  }
})
