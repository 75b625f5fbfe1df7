import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ADA,
  ADA_MERGED,
  assertError,
  BRUNO,
  CONTACTS,
  DORA,
  LOOKUP,
  MESSAGE,
  startLive,
  webMessage,
} from './live.ts'

const reference = (id: string) => ({ id, selfUri: `${CONTACTS}/${id}` })

describe(`GET ${CONTACTS}/{contactId}`, () => {
  it('answers the contact; of one who was never merged, nothing about merges', async () => {
    const { get } = await startLive()
    const { status, body } = await get(`${CONTACTS}/${BRUNO}`)
    assert.equal(status, 200)
    assert.deepEqual(body, {
      id: BRUNO,
      type: 'Curated',
      firstName: 'Bruno',
      lastName: 'Beispiel',
      selfUri: `${CONTACTS}/${BRUNO}`,
    })
  })

  it('answers whom a contact was merged into, and who is one with them', async () => {
    const { get } = await startLive()
    const { body: merged } = await get(`${CONTACTS}/${ADA_MERGED}`)
    const set = [reference(ADA), reference(ADA_MERGED)]
    assert.deepEqual(
      [merged.id, merged.canonicalContact, merged.mergedTo, merged.mergeSet, merged.mergedFrom],
      [ADA_MERGED, reference(ADA), reference(ADA), set, undefined],
    )
    const { body: canonical } = await get(`${CONTACTS}/${ADA}`)
    assert.deepEqual(
      [canonical.canonicalContact, canonical.mergedTo, canonical.mergeSet, canonical.mergedFrom],
      [undefined, undefined, set, [reference(ADA_MERGED)]],
    )
  })

  it('answers 404 to an unknown one, 403 without either permission', async () => {
    const { get, sandbox } = await startLive()
    assertError(await get(`${CONTACTS}/k-0`), 404, 'not.found', /external contact/)
    sandbox.setMissingPermissions(['externalContacts:contact:view'])
    assert.equal((await get(`${CONTACTS}/${ADA}`)).status, 200)
    sandbox.setMissingPermissions(['externalContacts:contact:view', 'relate:contact:view'])
    assertError(await get(`${CONTACTS}/${ADA}`), 403, 'missing.any.permissions', /relate:contact:view/)
  })
})

describe('a merge', () => {
  it('makes two contacts one, with all whom they were merged with before', async () => {
    const live = await startLive()
    const merged = await live.control(`/contacts/${ADA}/merge`, { into: BRUNO })
    assert.equal(merged.status, 204, merged.text)
    const set = [BRUNO, ADA, ADA_MERGED].map(reference)
    for (const [id, canonical, into] of [
      [BRUNO, undefined, undefined],
      [ADA, BRUNO, BRUNO],
      [ADA_MERGED, BRUNO, ADA],
    ] as const) {
      const { body } = await live.get(`${CONTACTS}/${id}`)
      assert.deepEqual(body.mergeSet, set)
      assert.deepEqual(body.canonicalContact, canonical && reference(canonical))
      assert.deepEqual(body.mergedTo, into && reference(into))
    }
    const { body: found } = await live.post(LOOKUP, { type: 'Email', value: 'ada@example.com' })
    assert.deepEqual([found.id, found.canonicalContact], [ADA, reference(BRUNO)])
    // Whoever still writes to an old id reaches the canonical one.
    for (const externalContactId of [ADA_MERGED, ADA, BRUNO]) {
      assert.equal((await live.post(MESSAGE, { ...webMessage, externalContactId })).status, 200)
    }
    assert.deepEqual([...live.sandbox.sentTo()], [[BRUNO, 3]])
  })

  it('of one who was merged before moves the one that they became', async () => {
    const { sandbox, get } = await startLive()
    sandbox.mergeContacts(ADA_MERGED, DORA)
    const { body } = await get(`${CONTACTS}/${ADA}`)
    assert.deepEqual([body.mergedTo, body.canonicalContact], [reference(DORA), reference(DORA)])
  })

  it('is refused where somebody is unknown, or they are one already', async () => {
    const { control, sandbox } = await startLive()
    assert.equal((await control('/contacts/k-0/merge', { into: ADA })).status, 404)
    assert.equal((await control(`/contacts/${ADA}/merge`, { into: 'k-0' })).status, 404)
    assert.equal((await control(`/contacts/${ADA}/merge`, { into: ADA })).status, 400)
    assert.equal((await control(`/contacts/${ADA}/merge`, { into: ADA_MERGED })).status, 400)
    assert.equal((await control(`/contacts/${ADA}/merge`, {})).status, 400)
    assert.throws(() => sandbox.mergeContacts('k-0', ADA), /external contact was not found/)
  })
})
