import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Genesys } from '../../src/genesys/genesys.ts'
import { closeHosts, genesysAt, host, json } from './host.ts'

afterEach(closeHosts)

/** Every function whose id goes into a path. */
const WITH_ID: readonly [string, (genesys: Genesys, id: string) => Promise<{ kind: string }>][] = [
  ['getDeployment', (genesys, id) => genesys.getDeployment(id)],
  ['getIdentityResolution', (genesys, id) => genesys.getIdentityResolution(id)],
  ['getContact', (genesys, id) => genesys.getContact(id)],
  ['getConversation', (genesys, id) => genesys.getConversation(id)],
  ['getMessages', (genesys, id) => genesys.getMessages(id, ['m-1'])],
  ['getDelivery', (genesys, id) => genesys.getDelivery(id)],
]

describe('an id that goes into a path', () => {
  for (const [name, ask] of WITH_ID) {
    it(`${name}: what could lead elsewhere is not asked, and is no "there is none" either`, async () => {
      const { url, seen } = await host((_, response) =>
        json(response, 404, { code: 'not.found', message: 'none' }),
      )
      const genesys = genesysAt(url)
      for (const id of [
        '',
        '.',
        '..',
        '../tokens/me',
        'a/b',
        'a\\b',
        'a%2fb',
        'a?b',
        'a#b',
        'a b',
        'a\nb',
        '\ud800',
        'é',
        'a'.repeat(300),
      ]) {
        assert.partialDeepStrictEqual(
          await ask(genesys, id),
          { kind: 'refused', status: 400, code: 'NOT_ASKED' },
          id,
        )
      }
      assert.deepEqual(seen, [])
    })
  }

  it('is encoded by the SDK', async () => {
    const { url, api } = await host((_, response) =>
      json(response, 404, { code: 'not.found', message: 'none' }),
    )
    await genesysAt(url).getContact('a:b=c+d')
    await genesysAt(url).getContact('9f8e-Az_09.~')
    assert.deepEqual(
      api().map(({ path }) => path.split('/').at(-1)),
      ['a%3Ab%3Dc%2Bd', '9f8e-Az_09.~'],
    )
  })
})
