import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasswords, passwordFault } from '../../src/ops/access/password.ts'

const CHEAP = { ln: 4, r: 8, p: 1 }
const RIGHT = 'correct horse battery'

test('a password is known by what is kept of it, and no other is', async () => {
  const passwords = createPasswords({ cost: CHEAP })
  const stored = await passwords.hash(RIGHT)
  assert.match(stored, /^\$scrypt\$ln=4,r=8,p=1\$[\w+/]{22}==\$[\w+/]{43}=$/)
  assert.notEqual(await passwords.hash(RIGHT), stored, 'salted')
  assert.equal(await passwords.matches(RIGHT, stored), true)
  for (const wrong of [`${RIGHT} `, RIGHT.toUpperCase(), '', stored]) {
    assert.equal(await passwords.matches(wrong, stored), false)
  }
  assert.equal(await passwords.matches('pa\u0308sswort 12', await passwords.hash('p\u00e4sswort 12')), true)
})

test('what is kept says what it cost, so that the next may cost more', async () => {
  const stored = await createPasswords({ cost: CHEAP }).hash(RIGHT)
  const dearer = createPasswords({ cost: { ln: 5, r: 8, p: 2 } })
  assert.equal(await dearer.matches(RIGHT, stored), true)
  assert.match(await dearer.hash(RIGHT), /ln=5,r=8,p=2/)
})

test('the cost is that of OWASP, and node takes it', async () => {
  const stored = await createPasswords().hash(RIGHT)
  assert.match(stored, /^\$scrypt\$ln=15,r=8,p=3\$/)
  assert.equal(await createPasswords().matches(RIGHT, stored), true)
})

test('nobody’s password is wrong, and so is one that is kept as nothing that is known', async () => {
  const passwords = createPasswords({ cost: CHEAP })
  for (const stored of [null, '', 'x', '$scrypt$ln=4,r=8,p=1$AAAA$AAAA', '$argon2id$v=19$m=1$AAAA$AAAA']) {
    assert.equal(await passwords.matches(RIGHT, stored), false)
  }
})

test('one at a time is looked at, some wait, and more are refused', async () => {
  const passwords = createPasswords({ cost: CHEAP, mostWaiting: 2 })
  const three = [1, 2, 3].map(() => passwords.hash(RIGHT))
  assert.equal(passwords.full(), true)
  await assert.rejects(passwords.hash(RIGHT), /too many passwords wait/)
  const order: number[] = []
  await Promise.all(three.map((one, n) => one.then(() => order.push(n))))
  assert.deepEqual(order, [0, 1, 2])
  assert.equal(passwords.full(), false)
  assert.equal(await passwords.matches(RIGHT, await passwords.hash(RIGHT)), true)
})

test('twelve characters are enough, whatever they are', () => {
  assert.match(passwordFault('x'.repeat(11)) ?? '', /at least 12/)
  assert.equal(passwordFault('x'.repeat(12)), null)
  assert.match(passwordFault('\u{1F600}'.repeat(11)) ?? '', /at least 12/, 'characters, not code units')
  assert.match(passwordFault('x'.repeat(257)) ?? '', /at most 256/)
})
