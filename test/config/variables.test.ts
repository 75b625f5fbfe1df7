import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BASE, changed, ENV, load, loaded, problemsOf, SECRET, withRoute } from './written.ts'

const FROM_ENV = changed('deployment-1', `"\${DEPLOYMENT}"`)

describe(`\${NAME}`, () => {
  test('is what the environment says, alone and within a text', () => {
    const yaml = changed('space-1', `"space-\${A}-\${B}"`, FROM_ENV)
    const { genesys, sources } = loaded({ yaml, env: { ...ENV, DEPLOYMENT: 'one', A: '1', B: '2' } })
    assert.equal(genesys.webmessaging?.deploymentId, 'one')
    assert.equal(genesys.externalSource?.id, 'space-1-2')
    assert.deepEqual(sources.get('crm')?.secrets, [SECRET])
  })

  test('is read from the file that NAME_FILE names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-secret-'))
    try {
      const file = join(folder, 'secret')
      writeFileSync(file, `${SECRET}\n`)
      const { sources } = loaded({ env: { CRM_WEBHOOK_SECRET_FILE: file } })
      assert.deepEqual(sources.get('crm')?.secrets, [SECRET])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a file that cannot be read is a problem beside the others', () => {
    for (const unsetVariables of ['error', 'warn'] as const) {
      const [secret, other, ...rest] = problemsOf({
        yaml: withRoute('delay: soon'),
        env: { CRM_WEBHOOK_SECRET_FILE: '/nowhere/secret' },
        unsetVariables,
      })
      assert.match(secret ?? '', /^postrider\.yaml:6 CRM_WEBHOOK_SECRET_FILE: cannot read the file/)
      assert.match(other ?? '', /^postrider\.yaml:12 routes\.greet\.delay/)
      assert.deepEqual(rest, [])
    }
  })

  test('in a comment it is nothing', () =>
    assert.equal(load({ yaml: `# \${UNSET} \${x y}\n${BASE}` }).kind, 'loaded'))

  test('whatever the value, it stays the text of its key', () => {
    const nasty = fc.oneof(
      fc.constantFrom(
        'x" }\n  sms: { from: "y',
        '}\nroutes: {}',
        '# c',
        '*a',
        '&a b',
        '!!null x',
        '- a',
        `\${OTHER}`,
      ),
      fc.string({ unit: 'grapheme', minLength: 1 }),
    )
    fc.assert(
      fc.property(nasty, (value) => {
        const result = load({ yaml: FROM_ENV, env: { ...ENV, DEPLOYMENT: value, OTHER: 'other' } })
        if (value.trim() === '') return assert.equal(result.kind, 'invalid')
        assert.ok(result.kind === 'loaded')
        assert.equal(result.config.genesys.webmessaging?.deploymentId, value.trim())
        assert.equal(result.config.routes.length, 1)
      }),
      { numRuns: 60 },
    )
  })

  test('is no name of a key', () => {
    const yaml = changed('  crm:', `  "\${NAME}":`)
    const [problem] = problemsOf({ yaml, env: { ...ENV, NAME: 'crm' } })
    assert.match(problem ?? '', /:6 sources\.\$\{NAME\}: a name has/)
  })

  for (const written of [`\${NAME:-x}`, `\${}`, `\${a-b}`, `\${ NAME }`, `\${NAME`, `\${1}`]) {
    test(`${written} is none, and is not taken for a secret`, () => {
      const problems = problemsOf({ yaml: changed(`\${CRM_WEBHOOK_SECRET}`, written), env: { NAME: SECRET } })
      assert.equal(problems.length, 1)
      assert.match(problems[0] ?? '', /^postrider\.yaml:6 expected \$\{NAME\}/)
    })
  }

  test('a secret that names a variable itself is no secret', () => {
    const problems = problemsOf({ env: { CRM_WEBHOOK_SECRET: `\${OTHER}` } })
    assert.match(
      problems[0] ?? '',
      /^postrider\.yaml:6 sources\.crm\.secrets\.0: expected a secret that begins with whsec_/,
    )
  })
})

describe('what is not set', () => {
  const UNSET = withRoute(`mode: "\${MODE}"`, `delay: "\${DELAY}"`, `brake: { messages: 5, per: "\${PER}" }`)
    .replace('care@example.com', `"\${CARE}"`)
    .replace('deployment-1', `"\${DEPLOYMENT}"`)
  const names = ['DEPLOYMENT', 'CARE', 'CRM_WEBHOOK_SECRET', 'MODE', 'DELAY', 'PER']
  const lines = [3, 4, 6, 12, 13, 14]
  const messages = names.map((name) => `\${${name}} is not set in the environment`)

  test('is an error, one a variable and no other', () => {
    assert.deepEqual(
      problemsOf({ yaml: UNSET, env: { DELAY: '' } }),
      messages.map((message, n) => `postrider.yaml:${lines[n]} ${message}`),
    )
  })

  test('in check is noted, and its default or its absence stands for it', () => {
    const config = loaded({ yaml: UNSET, env: {}, unsetVariables: 'warn' })
    assert.deepEqual(
      config.warnings.map(({ line, message }) => [line, message]),
      messages.map((message, n) => [lines[n], message]),
    )
    const [route] = config.routes
    assert.equal(route?.mode, 'live')
    assert.equal(route?.delayMs, 0)
    assert.deepEqual(route?.brake, { messages: 500, perMs: 3_600_000 })
    assert.equal(config.genesys.email, null)
    assert.deepEqual(config.sources.get('crm')?.secrets, [])
  })

  test('in check does not hide what is wrong besides', () => {
    const yaml = UNSET.replace('messages: 5', 'messages: 0').replace('template: greet', 'template: other')
    const problems = problemsOf({ yaml, env: {}, unsetVariables: 'warn' })
    assert.equal(problems.length, 2, problems.join('\n'))
    assert.match(problems[0] ?? '', /:10 routes\.greet\.template: there is no template other/)
    assert.match(problems[1] ?? '', /:14 routes\.greet\.brake\.messages: expected at least 1/)
  })

  test('what nothing can stand for is still asked for', () => {
    const yaml = changed('on: crm/ticket.resolved', `on: "\${ON}"`)
    assert.match(
      problemsOf({ yaml, unsetVariables: 'warn' })[0] ?? '',
      /:9 routes\.greet\.on: expected source\/type/,
    )
  })

  test('a channel whose block is not set is there, and the block is not', () => {
    const yaml = changed(
      'genesys:\n',
      `genesys:\n  sms: { from: "\${FROM}" }\n  defaultCountry: "\${COUNTRY}"\n  deliveryShare: "\${SHARE}"\n`,
      changed('[webmessaging]', '[sms]'),
    )
    const { genesys, warnings } = loaded({ yaml, unsetVariables: 'warn' })
    assert.deepEqual([genesys.sms, genesys.defaultCountry, genesys.deliveryShare], [null, null, 0.05])
    assert.deepEqual(
      warnings.map(({ message }) => message.split(' ')[0]),
      ['FROM', 'COUNTRY', 'SHARE'].map((name) => `\${${name}}`),
    )
  })

  test('of several secrets the one that is set counts', () => {
    const yaml = changed(`["\${CRM_WEBHOOK_SECRET}"]`, `["\${OLD}", "\${CRM_WEBHOOK_SECRET}", "\${NEW}"]`)
    const { sources } = loaded({ yaml, unsetVariables: 'warn' })
    assert.deepEqual(sources.get('crm')?.secrets, [SECRET])
  })
})

describe('no problem quotes a secret', () => {
  const LEAK = 'hunter2-hunter2'

  test('whatever key a variable is put at', () => {
    const full = withRoute(
      'mode: live',
      'when: data.a == "b"',
      'customer: { externalId: "{{ data.id }}", email: x }',
      'findBy: [email]',
      'once: "{{ data.a }}"',
      'delay: 30m',
      'expireAfter: 24h',
      'brake: { messages: 5, per: 1h }',
      'maxAttempts: 5',
      'onUnconfirmed: hold',
      'requireSession: 30d',
      'activeConversation: wait',
      'onUndelivered: none',
    )
      .replace(
        'sources:\n',
        'sources:\n  genesys: { preset: genesys-undelivered, secrets: [0123456789abcdef] }\n',
      )
      .replace(
        'genesys:\n',
        'genesys:\n  sms: { from: "+13175550100" }\n  whatsapp: { integrationId: x }\n  defaultCountry: DE\n  deliveryShare: 0.1\n',
      )
    const values = [...full.matchAll(/(?<=: |\[)("[^"]*"|[^\s[\]{},"]+|data\.a == "b")(?=$|[\s\],])/gm)]
    assert.ok(values.length >= 30, `${values.length} values`)
    const asWritten = [
      `"\${LEAK}"`,
      `"x/\${LEAK}"`,
      `"\${LEAK}/x"`,
      `"{{ \${LEAK}"`,
      `"{{ a | \${LEAK} }}"`,
      `"whsec_\${LEAK}"`,
    ]
    for (const { 0: value, index } of values) {
      for (const written of asWritten) {
        const yaml = full.slice(0, index) + written + full.slice(index + value.length)
        const result = load({ yaml, env: { ...ENV, LEAK } })
        if (result.kind === 'invalid')
          assert.ok(!JSON.stringify(result.problems).includes('hunter2'), `${value} → ${written}`)
      }
    }
  })

  test('nor one that stands in a file which is no YAML', () => {
    const damage = fc.constantFrom(
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ':',
      ': ',
      ',',
      '|',
      '>',
      '&',
      '*',
      '!',
      '%',
      '@',
      '`',
      '\t',
      '\n',
      '- ',
      '#',
      '\\',
      '---',
      '...',
      '? ',
    )
    fc.assert(
      fc.property(damage, damage, fc.nat({ max: BASE.length }), fc.boolean(), (before, after, at, quoted) => {
        const secret = quoted ? `"${before}${LEAK}${after}"` : `${before}${LEAK}${after}`
        const yaml = changed(`"\${CRM_WEBHOOK_SECRET}"`, secret)
        const result = load({ yaml: yaml.slice(0, at) + before + yaml.slice(at) })
        if (result.kind === 'invalid') {
          const words = result.problems.map(({ message }) => message).join('\n')
          assert.ok(!words.includes('hunter2'), words)
        }
      }),
      { numRuns: 500 },
    )
  })
})
