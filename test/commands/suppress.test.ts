import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { command, jsonOf } from './run.ts'
import { type MessageJson, withDemoService } from './service.ts'

type Listed = {
  hash: string
  kind: string
  channel: string | null
  since: string
  by: string
  reason: string
}
type Imported = {
  rows: number
  added: number
  known: number
  nobody: { line: number; reason: string }[]
  odd: { line: number; reason: string }[]
  passedOver: string[]
}

describe('suppress', () => {
  const { run, list, replay, folder, demo } = withDemoService({
    sources: ['shop', 'outlet'].map((name) => `${name}: { preset: shopify, secrets: [] }`).join('\n  '),
  })
  const listed = async (...args: string[]) =>
    jsonOf<Listed[]>(await run('suppress', 'list', '--json', ...args))
  const newest = async (route: string): Promise<MessageJson> => {
    await demo().settled()
    const [message] = await list('--route', route)
    assert.ok(message)
    return message
  }

  it('add: the next message is skipped, whichever of the names it has; remove: the one after is sent', async () => {
    const added = await run(
      'suppress',
      'add',
      '--email',
      'BRUNO@example.com',
      '--reason',
      'asked us',
      '--by',
      'ada',
    )
    assert.deepEqual([added.code, added.err], [0, ''])
    assert.match(added.out, /^Suppressed by email, over all channels\./)
    await replay('order-placed', '--times', '2')
    const skipped = await newest('order-placed')
    assert.deepEqual([skipped.state, skipped.code], ['skipped', 'suppressed'])
    assert.match(skipped.reason, /asked us.*suppress remove/)

    const removed = await run('suppress', 'remove', '--email', 'bruno@example.com')
    assert.deepEqual([removed.code, removed.out], [0, '1 removed.\n'])
    await replay('order-placed', '--times', '2')
    assert.equal((await newest('order-placed')).state, 'sent')
  })

  it('add: what stands keeps its reason; list says of one customer why', async () => {
    const one = ['--external-id', 'C-77', '--phone', '+49 30 901820177']
    const json = jsonOf<Record<string, unknown>>(
      await run(
        'suppress',
        'add',
        ...one,
        '--channel',
        'sms,whatsapp',
        '--reason',
        'first',
        '--by',
        'ada',
        '--json',
      ),
    )
    assert.deepEqual(json, {
      added: 4,
      kinds: ['externalId', 'phone'],
      channels: ['sms', 'whatsapp'],
      reason: 'first',
      by: 'ada',
    })
    const again = await run('suppress', 'add', ...one, '--channel', 'sms', '--reason', 'second')
    assert.match(again.out, /was suppressed before, over sms; nothing is new/)
    const found = await listed('--phone', '0049 30 901820177'.replace('00', '+'))
    assert.deepEqual(found.map(({ kind, channel, reason, by }) => [kind, channel, reason, by]).sort(), [
      ['phone', 'sms', 'first', 'ada'],
      ['phone', 'whatsapp', 'first', 'ada'],
    ])
    assert.ok(found.every(({ since }) => Date.parse(since) <= Date.now()))
    assert.deepEqual(await listed('--email', 'somebody.else@example.com'), [])
    assert.equal(
      (await run('suppress', 'list', '--email', 'somebody.else@example.com')).out,
      'Not suppressed.\n',
    )
  })

  it('remove: of one channel alone, and says what still stands', async () => {
    const one = ['--email', 'chie.77@example.com']
    await run('suppress', 'add', ...one, '--channel', 'sms,email', '--reason', 'x', '--by', 'ada')
    const removed = jsonOf<{ removed: number; left: Listed[] }>(
      await run('suppress', 'remove', ...one, '--channel', 'sms', '--json'),
    )
    assert.equal(removed.removed, 1)
    assert.deepEqual(
      removed.left.map(({ channel }) => channel),
      ['email'],
    )
    const nothing = await run('suppress', 'remove', ...one, '--channel', 'sms')
    assert.deepEqual([nothing.code, nothing.out], [1, ''])
    assert.match(nothing.err, /Nobody with that name is suppressed over sms alone/)
  })

  it('an id is one within its external source', async () => {
    await run('suppress', 'add', '--external-id', 'C-78', '--source', 'crm', '--reason', 'x')
    assert.equal((await listed('--external-id', 'C-78')).length, 1)
    const unknown = await run('suppress', 'list', '--external-id', 'C-78', '--source', 'nowhere')
    assert.equal(unknown.code, 1)
    assert.match(unknown.err, /There is no source nowhere. There are: shop, outlet, crm/)
  })

  it('an id that the sender counts itself is one within its source, by the name that its events have', async () => {
    const one = ['--external-id', '79', '--source']
    await run('suppress', 'add', ...one, 'shop', '--reason', 'asked in the shop')
    const { reads } = demo().service.ledger
    const [found] = await reads.suppressed(['externalId:source/shop:79'])
    assert.equal(found?.reason, 'asked in the shop')
    assert.equal((await listed(...one, 'shop')).length, 1)
    for (const other of [
      [...one, 'outlet'],
      [...one, 'crm'],
      ['--external-id', '79'],
    ]) {
      assert.deepEqual(await listed(...other), [])
    }
    const file = folder.write('shop.csv', 'externalId\n79\n80')
    const said = await run('suppress', 'import', file, '--source', 'shop', '--json')
    const { added, known } = jsonOf<Imported>(said)
    assert.deepEqual([added, known], [1, 1])
    assert.equal((await run('suppress', 'remove', ...one, 'outlet')).code, 1)
    assert.equal((await run('suppress', 'remove', ...one, 'shop')).out, '1 removed.\n')
  })

  it('whoever says nobody, or what is no address, is told so and nothing is done', async () => {
    const cases: [args: string[], says: RegExp][] = [
      [['add', '--reason', 'x'], /Say whom/],
      [['remove'], /Say whom/],
      [['add', '--email', 'nobody', '--reason', 'x'], /Nothing was done: the email address is not one/],
      [['list', '--phone', '12'], /Nothing was done: the phone number/],
      [
        ['add', '--email', 'a@example.com; b@example.com', '--reason', 'x'],
        /Nothing was done: there is more than one email address: give each a line of its own/,
      ],
      [['add', '--email', 'a@example.com <b@example.com>', '--reason', 'x'], /more than one email address/],
      [['add', '--phone', '4.91711E+11', '--reason', 'x'], /was shortened by a spreadsheet/],
      [['add', '--phone', '030 123456', '--reason', 'x'], /has no country code that exists/],
      [
        ['add', '--external-id', 'NULL', '--email', 'a@example.com', '--reason', 'x'],
        /Nothing was done: the external id is a placeholder, which stands for nobody/,
      ],
      [['add', '--external-id', '', '--reason', 'x'], /Nothing was done: --external-id has no value/],
      [['add', '--external-id', ' ', '--email', 'a@example.com', '--reason', 'x'], /--external-id has no/],
      [['list', '--external-id', ''], /--external-id has no value/],
      [['remove', '--email', '', '--phone', ''], /--email, --phone has no value/],
      [['add', '--email', 'a@example.com', '--reason', ''], /Say why/],
      [['add', '--email', 'a@example.com', '--reason', '  '], /Say why/],
      [['add', '--email', 'a@example.com'], /--reason/],
      [['add', '--email', 'a@example.com', '--reason', 'x', '--channel', 'fax'], /Expected a list of/],
    ]
    for (const [args, says] of cases) {
      const { code, out, err } = await run('suppress', ...args)
      assert.deepEqual([code, out], [2, ''], args.join(' '))
      assert.match(err, says)
    }
    assert.deepEqual(await listed('--email', 'a@example.com'), [])
  })

  it('an address is read with the name before it', async () => {
    for (const email of ['Ann <ann.81@example.com>', ' "ANN.81@example.com" <Ann.81@Example.com> ']) {
      await run('suppress', 'add', '--email', email, '--reason', 'x')
      assert.equal((await listed('--email', email)).length, 1)
    }
    assert.equal((await listed('--email', 'ann.81@example.com')).length, 1)
    assert.equal((await run('suppress', 'remove', '--email', 'Ann <ann.81@example.com>')).out, '1 removed.\n')
  })

  describe('where the shell lacks a variable of the configuration', () => {
    const yaml = `genesys:
  externalSource: { id: "\${EXT_ID}", name: "\${EXT_NAME}" }
  defaultCountry: "\${COUNTRY}"
  email: { from: { email: "\${CARE}" } }
sources:
  crm: { preset: standard-webhooks, secrets: ["\${SECRET}"] }
  own: { preset: shopify, secrets: ["\${SECRET}"], externalSource: { id: "\${OWN}", name: Own } }
  known: { preset: standard-webhooks, secrets: [], externalSource: { id: known-1, name: Known } }
  shop: { preset: shopify, secrets: [] }
routes:
  greet: { on: crm/a, template: greet, channels: [email] }
`
    const here = (env: Readonly<Record<string, string>>, ...args: string[]) => {
      folder.write('lacking/templates/greet.liquid', '---\nsubject: Hi\n---\nHello')
      const file = folder.write('lacking/postrider.yaml', yaml)
      return command(['suppress', ...args], { ...demo().variables, ...env, POSTRIDER_CONFIG: file })
    }
    const why = ['--reason', 'x']
    const id = ['--external-id', 'C-82']

    it('what a name depends on is asked for, and nothing is done', async () => {
      const csv = folder.write('lacking.csv', 'email,externalId\nlacking.82@example.com,\n,C-82')
      const phones = folder.write('phones.csv', 'phone\n+49 30 901820182\n030 901820182')
      const EXT = /postrider\.yaml:2 {2}genesys\.externalSource\.id: \$\{EXT_ID\} is not set.*\n.*\.env/
      const COUNTRY = /postrider\.yaml:3 {2}genesys\.defaultCountry: \$\{COUNTRY\} is not set/
      const cases: [args: string[], says: RegExp][] = [
        [['add', ...id, ...why], EXT],
        [['add', ...id, '--source', 'crm', ...why], EXT],
        [['remove', ...id], EXT],
        [['list', ...id], EXT],
        [['import', csv], EXT],
        [['add', ...id, '--source', 'own', ...why], /:7 {2}sources\.own\.externalSource\.id: \$\{OWN\}/],
        [['add', '--phone', '030 901820182', ...why], COUNTRY],
        [['list', '--phone', '030 901820182'], COUNTRY],
        [['import', phones], COUNTRY],
      ]
      for (const [args, says] of cases) {
        const { code, out, err } = await here({}, ...args)
        assert.deepEqual([code, out], [1, ''], args.join(' '))
        assert.match(err, says)
        assert.match(err, /^Nothing was done/)
      }
      assert.deepEqual(await listed('--email', 'lacking.82@example.com'), [])
    })

    it('what none depends on is not', async () => {
      const asked: string[][] = [
        ['--email', 'nobody.82@example.com'],
        ['--phone', '+49 30 901820182'],
        [...id, '--source', 'known'],
        [...id, '--source', 'shop'],
      ]
      for (const args of asked) {
        const said = await here({}, 'list', ...args)
        assert.deepEqual([said.code, said.out, said.err], [0, 'Not suppressed.\n', ''])
      }
      const set = { EXT_ID: 'space-82', COUNTRY: 'DE' }
      const added = await here(set, 'add', ...id, '--phone', '030 901820182', ...why)
      assert.equal(added.code, 0, added.err)
      const { reads } = demo().service.ledger
      const names = ['externalId:space-82:C-82', 'phone:+4930901820182']
      assert.equal((await reads.suppressed(names)).length, 2)
    })
  })

  it('nothing that is kept, printed or listed says who it is', async () => {
    const reason = 'dora.77@example.com wrote from +49 30 901820178'
    const { out } = await run('suppress', 'add', '--email', 'dora.77@example.com', '--reason', reason)
    const all = await run('suppress', 'list', '--limit', '1000')
    const json = await run('suppress', 'list', '--limit', '1000', '--json')
    for (const text of [out, all.out, json.out]) assert.doesNotMatch(text, /dora|901820178|C-77|example\.com/)
    assert.match(json.out, /\[email\] wrote from/)
    assert.equal((await listed('--limit', '1')).length, 1)
  })

  describe('import', () => {
    const CSV = [
      'External Id;email;phone;channel;reason;Signed up',
      'C-901;;;;wrote a letter;2019',
      ';ann.902@example.com;+49 30 901820902;sms, whatsapp;;2020',
      ';n/a;;;;',
      ';ann.904@exam ple;;all;;',
      ';;;;nobody at all;',
      ';no address;030 1;;;',
      'C-907;nothing;;;;',
      ';Dan <dan.908@example.com>;;;;',
      ';dan.909@example.com, eve.909@example.com;;;;',
      ';;4.91711E+11;;;',
      ';;030 90182911 / 030 90182912;;;',
      ';;030 / 90182912;;;',
      'NULL;;;;;',
      'n/a;dan.914@example.com;-;;;',
      '12E905;;;;;',
      '9.05E+11;;;;;',
      ';;+49 30 90182915, +49 30 90182916;;;',
    ].join('\n')
    const bring = async (file: string, ...args: string[]) => {
      const said = await run('suppress', 'import', file, '--by', 'ada', '--json', ...args)
      return { ...said, json: jsonOf<Imported>(said) }
    }

    it('keeps whoever is named, lists who is not, and is the same the second time', async () => {
      const file = folder.write('refusals.csv', CSV)
      const first = await bring(file)
      assert.equal(first.code, 1)
      assert.deepEqual([first.json.rows, first.json.added, first.json.known], [17, 7, 0])
      const rounded =
        'was shortened by a spreadsheet, such as 4.9E+11: give the column the format Text, and export it again'
      const isNone = 'is a placeholder, which stands for nobody'
      const noCountry =
        'the phone number has no country code that exists: begin it with + and the country’s code, or set genesys.defaultCountry'
      assert.deepEqual(
        first.json.nobody.map(({ line, reason }) => [line, reason]),
        [
          [4, `the email address ${isNone}`],
          [5, 'the email address is not one'],
          [6, 'names nobody'],
          [7, `the email address is not one; ${noCountry}`],
          [10, 'there is more than one email address: give each a line of its own'],
          [11, `the phone number ${rounded}`],
          [12, 'there is more than one phone number: give each a line of its own'],
          [14, `the external id ${isNone}`],
          [17, `the external id ${rounded}`],
          [18, 'there is more than one phone number: give each a line of its own'],
        ],
      )
      assert.deepEqual(
        first.json.odd.map(({ line, reason }) => [line, reason]),
        [
          [8, 'the email address is not one'],
          [13, noCountry],
        ],
      )
      for (const one of ['dan.908@example.com', 'dan.914@example.com']) {
        assert.equal((await listed('--email', one)).length, 1, one)
      }
      assert.deepEqual(await listed('--email', 'dan.909@example.com'), [])
      // As it was imported it can be asked for, and lifted.
      assert.equal((await listed('--phone', '030 90182912')).length, 1)
      assert.deepEqual(first.json.passedOver, ['Signed up'])
      const second = await bring(file)
      assert.deepEqual([second.json.added, second.json.known], [0, 7])

      const kept = await listed('--phone', '+4930901820902')
      assert.deepEqual(kept.map(({ kind, channel, reason, by }) => [kind, channel, reason, by]).sort(), [
        ['phone', 'sms', 'imported from refusals.csv', 'ada'],
        ['phone', 'whatsapp', 'imported from refusals.csv', 'ada'],
      ])
      assert.equal((await listed('--external-id', 'C-901'))[0]?.reason, 'wrote a letter')
    })

    it('says so in words, and quotes nothing of the rows', async () => {
      const { code, out, err } = await run('suppress', 'import', folder.write('again.csv', CSV))
      assert.deepEqual([code, err], [1, ''])
      assert.match(
        out,
        /^Columns that say nothing here: Signed up\n0 suppressed, 7 known already, 10 that name nobody\.$/m,
      )
      assert.match(out, /^! line 5, not kept: the email address is not one$/m)
      assert.match(out, /^! line 6, not kept: names nobody$/m)
      assert.match(out, /^! line 8, kept by the other values alone: the email address is not one$/m)
      assert.match(
        out,
        /^! line 13, kept as it is written, and matches that writing alone: the phone number/m,
      )
      assert.doesNotMatch(out, /ann\.|dan\.|eve\.|C-90|901820902|901829|letter/)
    })

    it('what is kept as it is written is said, and is no fault', async () => {
      const file = folder.write('near.csv', 'email,phone\njörg.917@müller.example,\n,030 90182917')
      const { code, json } = await bring(file, '--reason', '')
      assert.deepEqual([code, json.added], [0, 2])
      assert.deepEqual(
        json.odd.map(({ line }) => line),
        [2, 3],
      )
      const [kept] = await listed('--email', ' Jörg.917@Müller.example')
      assert.equal(kept?.reason, 'imported from near.csv')
      assert.equal((await run('suppress', 'remove', '--phone', '030 90182917')).out, '1 removed.\n')
    })

    it('the line from which Excel reads the separator is understood', async () => {
      const text = (first: string, separator: string) =>
        `\uFEFF${first}\r\nemail${separator}reason\r\nsep.1@example.com${separator}a, b; c\r\n\r\nn/a${separator}\r\n`
      // Only by its word is the column separated by what no header would be taken for.
      for (const [first, separator] of [
        ['sep=|', '|'],
        ['SEP=^', '^'],
      ] as const) {
        const { json } = await bring(folder.write('excel.csv', text(first, separator)))
        assert.deepEqual([json.rows, json.added + json.known], [2, 1])
        assert.deepEqual(
          json.nobody.map(({ line }) => line),
          [5],
        )
      }
      const plain = folder.write('excel.csv', 'sep=;\nemail;reason\nsep.2@example.com;"a; b"')
      assert.equal((await bring(plain)).code, 0)
      assert.equal((await listed('--email', 'sep.2@example.com'))[0]?.reason, 'a; b')
    })

    it('a file with more than a batch', async () => {
      const rows = Array.from({ length: 1201 }, (_, n) => `many.${n}@example.com`)
      const file = folder.write('many.csv', ['email', ...rows].join('\n'))
      const { code, json } = await bring(file, '--reason', 'the old list')
      assert.deepEqual([code, json.rows, json.added], [0, 1201, 1201])
      assert.equal((await listed('--email', 'many.1200@example.com'))[0]?.reason, 'the old list')
    })

    it('what cannot be meant refuses the file', async () => {
      const cases: [text: string, says: RegExp][] = [
        ['', /is empty\. Nothing was imported\./],
        ['name\nAnn', /names no customers/],
        ['email,E-Mail\na@example.com,b@example.com', /the column email stands there twice/],
        [
          'email,channel\nnever@example.com,\nnever@example.com,fax',
          /line 3: the channel is none of webmessaging/,
        ],
        ['email,channel\nnever@example.com', /has 2 columns, but not on every line: line 2 has 1/],
      ]
      for (const [text, says] of cases) {
        const { code, out, err } = await run('suppress', 'import', folder.write('bad.csv', text))
        assert.deepEqual([code, out], [1, ''], text)
        assert.match(err, says)
        assert.doesNotMatch(err, /never@|fax/)
      }
      assert.deepEqual(await listed('--email', 'never@example.com'), [])
      const nowhere = await run('suppress', 'import', 'nowhere.csv')
      assert.match(nowhere.err, /^nowhere\.csv cannot be read: there is no such file/)
      const aFolder = await run('suppress', 'import', folder.path)
      assert.match(aFolder.err, / cannot be read: it is a folder; name a file in it$/m)
    })
  })
})
