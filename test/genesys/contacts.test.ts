import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { closeHosts, genesysAt, host, json } from './host.ts'

afterEach(closeHosts)

const answering = (body: unknown, status = 200) => host((_, response) => json(response, status, body))
const contactFrom = async (body: unknown) => {
  const { url } = await answering(body)
  const answer = await genesysAt(url).findContact({ type: 'Email', value: 'a@example.com' })
  return answer.kind === 'ok' ? answer.value : [answer.kind, 'code' in answer && answer.code]
}

describe('findContact', () => {
  it('asks for each identifier as the API wants it', async () => {
    const { url, api, bodies } = await answering({ id: 'k-1' })
    const genesys = genesysAt(url)
    const externalSource = { id: 'x-1', name: 'CRM' }
    await genesys.findContact({ type: 'ExternalId', value: 'C-1', externalSource })
    await genesys.findContact({ type: 'Email', value: 'a@example.com' })
    await genesys.findContact({ type: 'Phone', value: '+4930123456' })
    assert.deepEqual(bodies(), [
      { type: 'ExternalId', value: 'C-1', externalSource },
      { type: 'Email', value: 'a@example.com' },
      { type: 'Phone', value: '+4930123456' },
    ])
    for (const { method, path } of api()) {
      assert.equal(`${method} ${path}`, 'POST /api/v2/externalcontacts/identifierlookup/contacts')
    }
  })

  it('a contact that was never merged is itself alone', async () => {
    assert.deepEqual(await contactFrom({ id: 'k-1', mergeSet: null }), { id: 'k-1', ids: ['k-1'] })
  })

  it('follows a merge, and names everything that was merged, the canonical contact first', async () => {
    const ref = (id: string) => ({ id, selfUri: `/api/v2/externalcontacts/contacts/${id}` })
    const merged = {
      id: 'old',
      canonicalContact: ref('new'),
      mergeSet: [ref('older'), ref('old'), ref('new')],
      mergedFrom: [ref('oldest'), ref('older')],
    }
    assert.deepEqual(await contactFrom(merged), { id: 'new', ids: ['new', 'old', 'older', 'oldest'] })
  })

  it('takes no more of the merge than can be read', async () => {
    const odd = {
      id: 'k-1',
      canonicalContact: 'k-2',
      mergeSet: [null, 'k-3', { id: 4 }, { id: '' }],
      mergedFrom: 'k-5',
    }
    assert.deepEqual(await contactFrom(odd), { id: 'k-1', ids: ['k-1'] })
  })

  it('a body that is no contact is no answer', async () => {
    for (const body of [{}, [], 'k-1', null, { id: 1 }]) {
      assert.deepEqual(await contactFrom(body), ['uncertain', 'NOT_JSON'], JSON.stringify(body))
    }
  })
})

describe('getContact', () => {
  it('reads what a contact was merged into since', async () => {
    const { url, api } = await answering({ id: 'old', canonicalContact: { id: 'new' } })
    const answer = await genesysAt(url).getContact('old')
    assert.deepEqual(answer.kind === 'ok' && answer.value, { id: 'new', ids: ['new', 'old'] })
    assert.deepEqual(
      api().map(({ method, path }) => [method, path]),
      [['GET', '/api/v2/externalcontacts/contacts/old']],
    )
  })

  it('null for one that is not there', async () => {
    const { url } = await answering({ code: 'not.found', message: 'none' }, 404)
    assert.partialDeepStrictEqual(await genesysAt(url).getContact('k-1'), { kind: 'ok', value: null })
  })
})
