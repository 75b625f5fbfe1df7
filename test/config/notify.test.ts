import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BASE, ENV, loaded, problemsOf } from './written.ts'

const SECRET = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiB0ZXN0cw=='
const withNotify = (block: string) => `notify: ${block}\n${BASE}`

describe('notify', () => {
  test('without it nobody is told', () => assert.equal(loaded({}).notify, null))

  const right: [string, object][] = [
    ['{ url: "https://ops.example.com/hook" }', { url: 'https://ops.example.com/hook', secret: null }],
    ['{ url: "http://127.0.0.1:9/x" }', { url: 'http://127.0.0.1:9/x', secret: null }],
    ['{ url: "http://localhost:9" }', { url: 'http://localhost:9', secret: null }],
    [`{ url: "https://o.example", secret: "${SECRET}" }`, { url: 'https://o.example', secret: SECRET }],
    [
      '{ url: "https://o.example", secret: "sixteen letters." }',
      { url: 'https://o.example', secret: 'sixteen letters.' },
    ],
  ]
  for (const [block, notify] of right) {
    test(block, () => assert.deepEqual(loaded({ yaml: withNotify(block) }).notify, notify))
  }

  const wrong: [string, RegExp][] = [
    ['', /notify: expected \{ url \}$/],
    ['{}', /notify\.url: expected the address/],
    ['{ url: ops.example.com }', /notify\.url: expected the address/],
    ['{ url: "http://ops.example.com" }', /notify\.url: plain http .*Use https/],
    // By the address, not by how the name begins.
    ['{ url: "http://127.0.0.1.example.com" }', /notify\.url: plain http/],
    ['{ url: "https://me:word@ops.example.com" }', /notify\.url: expected no user/],
    ['{ url: "https://o.example", secret: short }', /notify\.secret: expected whsec_ .*got 5$/],
    ['{ url: "https://o.example", secret: "whsec_a b" }', /notify\.secret: expected base64/],
    ['{ url: "https://o.example", secret: "" }', /notify\.secret: expected a secret, got an empty text/],
    ['{ url: "https://o.example", to: me }', /notify\.to: there is no such key$/],
  ]
  for (const [block, problem] of wrong) {
    test(`${block || 'nothing'} is refused`, () => {
      const [line, ...more] = problemsOf({ yaml: withNotify(block) })
      assert.deepEqual(more, [])
      assert.match(line ?? '', problem)
      assert.match(line ?? '', /^postrider\.yaml:1 /)
    })
  }

  test('in check a variable that is not set is a note, at the start an error', () => {
    const yaml = withNotify(`{ url: "\${OPS_WEBHOOK_URL}" }`)
    const config = loaded({ yaml, unsetVariables: 'warn' })
    assert.equal(config.notify, null)
    assert.match(config.warnings.map(({ message }) => message).join(), /OPS_WEBHOOK_URL/)
    assert.match(problemsOf({ yaml })[0] ?? '', /OPS_WEBHOOK_URL\} is not set/)
  })

  test('who is told changes nothing of what messages are: the version stays', () => {
    const yaml = withNotify(`{ url: "\${U}", secret: "\${S}" }`)
    const version = (U: string, S: string) => loaded({ yaml, env: { ...ENV, U, S } }).version
    assert.equal(
      version('https://a.example', 'sixteen letters.'),
      version('https://b.example', 'another sixteen letters'),
    )
  })
})
