import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { postrider, type Running, startPostrider } from '../run-postrider.ts'
import { command, temporaryFolder } from './run.ts'

const DONE = /Ctrl-C stops it/

describe('demo', () => {
  const here = temporaryFolder()
  const elsewhere = temporaryFolder()
  after(() => {
    here[Symbol.dispose]()
    elsewhere[Symbol.dispose]()
  })

  it('shows what became of every event, beside other demos, and begins anew each time', async () => {
    // The second finds the sandbox's port taken by the first, and takes a free one.
    const [first, second] = await Promise.all([
      startPostrider(['demo'], { cwd: here.path }, DONE),
      startPostrider(['demo'], { cwd: elsewhere.path }, DONE),
    ])
    assertTold(first)
    assertTold(second)
    const third = await postrider(['demo'], { cwd: here.path, env: { PORT: '0' } })
    assert.equal(third.code, 1)
    assert.match(third.err, /Another demo runs in this folder/)
    assert.equal((await fetch(`${first.url}/health/ready`)).status, 200, 'it goes on running')
    assert.equal(await second.end('SIGINT'), 0)
    assert.equal(await first.end('SIGTERM'), 0)

    const again = await startPostrider(['demo'], { cwd: here.path }, DONE)
    assertTold(again)
    assert.equal(await again.end('SIGINT'), 0)
  })

  it('takes nothing of a real configuration, and is refused in production', async () => {
    const env = { PORT: '0', NODE_ENV: 'production', GENESYS_REGION: '?', TRUST_PROXY: '?' }
    const { code, err } = await command(['demo'], env)
    assert.equal(code, 1)
    assert.match(err, /NODE_ENV.*--sandbox/)
  })
})

function assertTold({ lines, url }: Running): void {
  const told = lines.join('\n')
  for (const line of [
    /^ticket-resolved +200 +planned +ticket-resolved +sent +webmessaging$/m,
    /^the same delivery again +200 +known +event 1 already/m,
    /^changed on the way +401 +refused/m,
    /^cart-abandoned +200 +planned +cart-abandoned +sent +webmessaging$/m,
    /^order-placed +200 +planned +order-survey +skipped +.*shadow/m,
    /^order-placed +200 +planned +order-placed +sent +email$/m,
    /^appointment-reminder +200 +planned +appointment-reminder +sent +webmessaging$/m,
    /^unknown-type +200 +unrouted +no route listens/m,
    /^unknown-customer +200 +planned +ticket-resolved +failed +.*no contact/m,
    /^malformed +200 +unreadable +the body is not JSON$/m,
  ]) {
    assert.match(told, line)
  }
  assert.match(told, new RegExp(`replay \\S+order-placed\\.json --url ${url} `))
}
