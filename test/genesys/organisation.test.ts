import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { closeHosts, genesysAt, host, json, type Seen, valueIn } from './host.ts'

afterEach(closeHosts)

const queryOf = ({ path }: Seen) => new URL(path, 'http://host').searchParams

describe('getIntegrations', () => {
  const integration = (n: number) => ({
    id: `i-${n}`,
    name: `Integration ${n}`,
    messengerType: n % 2 === 0 ? 'open' : 'whatsapp',
    status: 'Active',
    version: 1,
  })

  /** An org with so many integrations, in pages of `size`; `last` says how a page tells that it is not the last. */
  const org = (count: number, size: number, tells: 'nextUri' | 'pageCount') =>
    host((request, response) => {
      const pageNumber = Number(queryOf(request).get('pageNumber'))
      const from = (pageNumber - 1) * size
      const entities = Array.from({ length: count }, (_, n) => integration(n)).slice(from, from + size)
      const goesOn = from + size < count
      json(response, 200, {
        entities,
        pageNumber,
        ...(tells === 'pageCount' ? { pageCount: Math.ceil(count / size) } : goesOn ? { nextUri: '/x' } : {}),
      })
    })

  for (const tells of ['nextUri', 'pageCount'] as const) {
    it(`reads all pages, by ${tells}`, async () => {
      const { url, api } = await org(7, 3, tells)
      let paced = 0
      const genesys = genesysAt(url, {
        pace: async () => {
          paced += 1
        },
      })
      const listed = valueIn(await genesys.getIntegrations())
      assert.deepEqual(
        typeof listed === 'object' && listed.map(({ id }) => id),
        Array.from({ length: 7 }, (_, n) => `i-${n}`),
      )
      assert.deepEqual(
        api().map((request) => [request.path.split('?')[0], queryOf(request).get('pageNumber')]),
        ['1', '2', '3'].map((page) => ['/api/v2/conversations/messaging/integrations', page]),
      )
      assert.equal(paced, 2, 'a place in the budget for each further page')
    })
  }

  it('takes what each is, as far as it says', async () => {
    const { url } = await host((_, response) =>
      json(response, 200, { entities: [integration(1), { id: 'i-2' }, { name: 'nameless' }] }),
    )
    assert.deepEqual(valueIn(await genesysAt(url).getIntegrations()), [
      { id: 'i-1', name: 'Integration 1', messengerType: 'whatsapp', status: 'Active' },
      { id: 'i-2', name: '', messengerType: 'unknown', status: 'unknown' },
    ])
  })

  it('comes to an end though every page names a next, and is no answer where the pages never end', async () => {
    const same = await host((_, response) =>
      json(response, 200, { entities: [integration(1)], nextUri: '/x' }),
    )
    assert.equal(valueIn(await genesysAt(same.url).getIntegrations()).length, 1)
    assert.equal(same.api().length, 2)
    let n = 0
    const endless = await host((_, response) => {
      n += 1
      json(response, 200, { entities: [integration(n)], nextUri: '/x' })
    })
    assert.equal(valueIn(await genesysAt(endless.url).getIntegrations()), 'uncertain ENDLESS')
    assert.equal(endless.api().length, 100)
  })

  it('a page that is refused refuses the list', async () => {
    const statuses = [200, 403]
    const { url } = await host((_, response) =>
      json(response, statuses.shift() ?? 500, { entities: [integration(1)], nextUri: '/x' }),
    )
    assert.partialDeepStrictEqual(await genesysAt(url).getIntegrations(), { kind: 'refused', status: 403 })
  })
})

describe('getExternalSources', () => {
  it('follows the cursors, also to a last page that has one', async () => {
    const pages: Record<string, object> = {
      '': { entities: [{ id: 'x-1', name: 'CRM' }], cursors: { after: 'a' } },
      a: { entities: [{ id: 'x-2', name: 'Shop', active: false }], cursors: { after: 'b' } },
      b: { entities: [], cursors: { after: 'c' } },
    }
    const { url, api } = await host((request, response) =>
      json(response, 200, pages[queryOf(request).get('cursor') ?? ''] ?? {}),
    )
    assert.deepEqual(valueIn(await genesysAt(url).getExternalSources()), [
      { id: 'x-1', name: 'CRM', active: true },
      { id: 'x-2', name: 'Shop', active: false },
    ])
    assert.equal(api().length, 3)
  })
})

describe('getIdentityResolution', () => {
  const resolutionFrom = async (body: unknown, status = 200) => {
    const { url, api } = await host((_, response) => json(response, status, body))
    const answer = await genesysAt(url).getIdentityResolution('d-1')
    assert.equal(
      `${api()[0]?.method} ${api()[0]?.path}`,
      'GET /api/v2/webdeployments/deployments/d-1/identityresolution',
    )
    return valueIn(answer)
  }

  it('reads whether guests become contacts, and by what', async () => {
    assert.deepEqual(await resolutionFrom({ resolveIdentities: true, externalSource: { id: 'x-1' } }), {
      resolves: true,
      externalSourceId: 'x-1',
    })
    assert.deepEqual(await resolutionFrom({ resolveIdentities: false }), {
      resolves: false,
      externalSourceId: null,
    })
  })

  it('null where nothing is configured; no answer where the body does not say', async () => {
    assert.equal(await resolutionFrom({ code: 'not.found', message: 'none' }, 404), null)
    assert.equal(await resolutionFrom({ externalSource: { id: 'x-1' } }), 'uncertain NOT_JSON')
  })
})

describe('getDeployment', () => {
  it('reads its name and status; null where there is none', async () => {
    const { url, api } = await host(({ path }, response) =>
      path.endsWith('/d-1')
        ? json(response, 200, { id: 'd-1', name: 'Shop', status: 'Active' })
        : json(response, 404, { code: 'not.found', message: 'none' }),
    )
    assert.deepEqual(valueIn(await genesysAt(url).getDeployment('d-1')), {
      id: 'd-1',
      name: 'Shop',
      status: 'Active',
    })
    assert.equal(valueIn(await genesysAt(url).getDeployment('d-2')), null)
    assert.equal(api()[0]?.path, '/api/v2/webdeployments/deployments/d-1')
  })
})
