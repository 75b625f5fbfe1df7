import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { type SendOptions, send } from '../../src/commands/send.ts'
import { PostriderError } from '../../src/errors.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { IDENTIFIERS, type Message } from '../../src/message.ts'
import { sink } from '../docs/sink.ts'
import { ROOT } from '../run-postrider.ts'
import { command, jsonOf, type Said, temporaryFolder } from './run.ts'
import { type DemoService, startDemoService } from './service.ts'

const CONFIG = `
genesys:
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
  email: { from: { email: care@example.com } }
sources:
  crm: { preset: standard-webhooks, secrets: [] }
routes:
  greet: { on: crm/x, template: greet, channels: [webmessaging] }
`
const CSV = `externalId,email,Name,locale,plan
C-1,ada@example.com,Ada,en,pro
,bruno@example.com,Bruno,de,basic
,,Nobody,,pro
,BRUNO@example.com,Bruno again,de,pro
"C-3",,"Cleo
of the two lines",en,pro
,dora(at)example.com,Dora,en,pro
`

type Outcome = {
  campaign: string
  mode: string
  host: string | null
  rows: number
  customers: number
  reach: Record<string, number>
  planned: number
  known: number
  leftOut: number
  unreachable: { line: number | null; reason: string }[]
  duplicates: { line: number; reason: string }[]
  unrenderable: { line: number; reason: string }[]
}

describe('send', () => {
  const folder = temporaryFolder()
  const variables = {
    POSTRIDER_CONFIG: folder.write('postrider.yaml', CONFIG),
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
  }
  folder.write('templates/greet.liquid', '---\nsubject: News\n---\nHello {{ customer.name }}')
  folder.write('templates/plan.liquid', 'Hello {{ customer.name }}, about {{ data.plan }}.')
  folder.write(
    'templates/plan.email.liquid',
    '---\nsubject: "{{ data.plan }}"\n---\nYour plan: {{ data.plan }}',
  )
  let ledger: Ledger

  before(async () => {
    ledger = await openLedger({
      url: variables.DATABASE_URL,
      clock: systemClock,
      log: silentLog,
      owner: true,
    })
    await ledger.bindHost('api.mypurecloud.de')
  })
  after(async () => {
    await ledger.close()
    folder[Symbol.dispose]()
  })

  const run = (...args: string[]): Promise<Said> => command(['send', ...args], variables)
  let files = 0
  /** Sends a file to webmessaging and email; a further `--channels` counts instead. */
  const csv = (content: string, ...args: string[]) => {
    files += 1
    const file = folder.write(`customers-${files}.csv`, content)
    const words = ['--csv', file, '--template', 'greet', '--channels', 'webmessaging,email']
    return run(...words, '--campaign', `campaign-${files}`, ...args)
  }
  const messages = (name: string): Promise<Message[]> =>
    ledger.reads.messages({ type: `send.${name}`, limit: 1000 })

  describe('a file', () => {
    it('says first who gets it and who does not, and plans one message for each customer', async () => {
      const said = await csv(CSV, '--template', 'plan', '--campaign', 'spring', '--yes')
      assert.equal(said.code, 0, said.err)
      for (const line of [
        /^Campaign +spring · LIVE$/m,
        /^Template +plan \(plan\.email\.liquid, plan\.liquid\)$/m,
        /^Rows +6 in .*customers-\d+\.csv$/m,
        /^Customers +3 · webmessaging may reach 3 · email may reach 2$/m,
        /^Left out +2 whom no channel can reach: lines 4, 8$/m,
        /^Left out +1 who are in the file already: line 5$/m,
        /^Not after +1d from now$/m,
        /^Sends to +api\.mypurecloud\.de$/m,
        /^3 planned, 0 known already, 3 left out\.$/m,
        /npx postrider messages list --route send --type send\.spring$/m,
      ]) {
        assert.match(said.out, line)
      }
      const planned = (await messages('spring')).sort((a, b) => a.id - b.id)
      assert.deepEqual(
        planned.map(({ source, route, state, customer }) => [source, route, state, customer]),
        [
          { externalId: 'C-1', email: 'ada@example.com', name: 'Ada', locale: 'en' },
          { email: 'bruno@example.com', name: 'Bruno', locale: 'de' },
          { externalId: 'C-3', name: 'Cleo\nof the two lines', locale: 'en' },
        ].map((customer) => ['cli', 'send', 'scheduled', customer]),
      )
      const [first] = planned
      assert.ok(first)
      const { template, channels, findBy, mode, expireAfterMs, requireSessionMs, externalSource } =
        first.policies
      assert.deepEqual(
        [template, channels, findBy, mode, expireAfterMs, requireSessionMs, externalSource?.name],
        ['plan', ['webmessaging', 'email'], [...IDENTIFIERS], 'live', 86_400_000, null, 'CRM'],
      )
    })

    it('its events hold what the template needs, in the form that a source sends', async () => {
      const events = await ledger.reads.events({ type: 'send.spring', limit: 10 })
      assert.deepEqual(events.map(({ key }) => key).sort(), [
        'spring/C-1',
        'spring/C-3',
        'spring/bruno@example.com',
      ])
      const event = events.find(({ key }) => key === 'spring/C-1')
      const body = JSON.parse(event?.raw.toString() ?? '')
      assert.equal(Date.parse(body.timestamp), event?.occurredAt)
      assert.deepEqual(body, {
        type: 'send.spring',
        timestamp: body.timestamp,
        data: {
          plan: 'pro',
          customer: { id: 'C-1', email: 'ada@example.com', name: 'Ada', locale: 'en' },
        },
      })
    })

    it('that is sent again under the same name plans nothing twice; somebody new gets it', async () => {
      const more = `${CSV}C-9,,Neu,de,pro\n`
      const said = await csv(more, '--template', 'plan', '--campaign', 'spring', '--yes', '--json')
      assert.equal(said.code, 0, said.err)
      assert.equal(said.err, '')
      const { planned, known, leftOut, rows, customers, unreachable, duplicates } = jsonOf<Outcome>(said)
      assert.deepEqual([rows, customers, planned, known, leftOut], [7, 4, 1, 3, 3])
      assert.deepEqual(unreachable, [
        { line: 4, reason: 'webmessaging: no externalId, no email, no phone; email: no email' },
        {
          line: 8,
          reason:
            'webmessaging: no externalId, the email address is not one, no phone; email: the email address is not one',
        },
      ])
      assert.deepEqual(duplicates, [{ line: 5, reason: 'the same customer as on line 3' }])
      assert.equal((await messages('spring')).length, 4)
    })

    it('tried in shadow first can be sent live under the same name', async () => {
      const shadow = await csv('email,name\na@example.com,A\n', '--campaign', 'autumn', '--yes', '--shadow')
      assert.match(shadow.out, /^Campaign +autumn · SHADOW$/m)
      assert.match(shadow.out, /^In shadow: planned and shown, never sent\./m)
      const args = ['--template', 'plan', '--campaign', 'autumn', '--yes', '--json']
      const live = await csv('email,name,plan\na@example.com,A,pro\n', ...args)
      assert.deepEqual([jsonOf<Outcome>(live).planned, jsonOf<Outcome>(live).known], [1, 0])
      const modes = (await messages('autumn')).map(({ policies }) => policies.mode)
      assert.deepEqual(modes.sort(), ['live', 'shadow'])
    })

    it('a column with a point is what templates of routes read, and any name is but a name', async () => {
      folder.write(
        'templates/order.liquid',
        'Order {{ data.order.number }}: {{ data.order.total }} {{ data.to-pay }}',
      )
      const rows =
        'email,order.number,order.total,to-pay,__proto__.x\na@example.com,4711,"1.234,00 €",0,polluted\n'
      const said = await csv(
        rows,
        '--template',
        'order',
        '--channels',
        'webmessaging',
        '--campaign',
        'orders',
        '--yes',
      )
      assert.equal(said.code, 0, said.err)
      const [event] = await ledger.reads.events({ type: 'send.orders', limit: 1 })
      const { customer, ...data } = JSON.parse(event?.raw.toString() ?? '').data
      assert.deepEqual(customer, { email: 'a@example.com' })
      assert.deepEqual([data.order, data['to-pay']], [{ number: '4711', total: '1.234,00 €' }, '0'])
      assert.equal(({} as { x?: string }).x, undefined)
      const gap = await csv('email,order.number\na@example.com,\n', '--template', 'order', '--yes')
      assert.match(gap.out, /^! line 2: order\.liquid: .*data\.order/m)
    })

    it('of more rows than one commit takes', async () => {
      const rows = Array.from({ length: 1203 }, (_, n) => `C-${n},N${n}`)
      const said = await csv(`externalId,name\n${rows.join('\n')}\n`, '--campaign', 'many', '--yes', '--json')
      const { planned, reach } = jsonOf<Outcome>(said)
      assert.deepEqual([planned, reach], [1203, { webmessaging: 1203, email: 0 }])
      const { messages } = await ledger.reads.summary()
      assert.ok(messages.scheduled >= 1203)
    })

    for (const [name, content] of [
      ['semicolons and a byte order mark', '\uFEFFExternal ID;E-Mail;name\r\nC-1;a@example.com;"A; B"\r\n'],
      ['tabs and capitals', 'EXTERNALID\temail\tname\nC-1\ta@example.com\tA; B\n'],
      ['blanks and empty lines', '\nexternal_id, email , name\n\n C-1 , a@example.com ,"A; B"\n\n'],
    ] as const) {
      it(`with ${name}`, async () => {
        const said = await csv(content, '--yes', '--json')
        assert.equal(said.code, 0, said.err)
        const [message] = await messages(jsonOf<Outcome>(said).campaign)
        assert.deepEqual(message?.customer, { externalId: 'C-1', email: 'a@example.com', name: 'A; B' })
      })
    }
  })

  describe('rows that the template does not fit', () => {
    const PLANS =
      'externalId,email,name,plan\nC-1,,A,pro\nC-2,b@example.com,B,\nC-3,,,pro\nC-4,,D,\nC-5,,E,\n'

    it('each is listed with its reason, and nothing is planned', async () => {
      const said = await csv(PLANS, '--template', 'plan', '--campaign', 'misfit', '--yes')
      assert.equal(said.code, 1)
      assert.match(said.out, /^! lines 3, 5-6: plan\.liquid: undefined variable: data\.plan\./m)
      assert.match(said.out, /^! line 4: plan\.liquid: undefined variable: customer\.name\./m)
      assert.match(said.err, /^The template does not fit 4 of 5 rows, so nothing was planned\..*--skip-bad$/m)
      const json = await csv(PLANS, '--template', 'plan', '--campaign', 'misfit', '--yes', '--json')
      assert.equal(json.code, 1)
      const { planned, leftOut, unrenderable } = jsonOf<Outcome>(json)
      assert.deepEqual([planned, leftOut, unrenderable.map(({ line }) => line)], [0, 5, [3, 4, 5, 6]])
      assert.deepEqual(await messages('misfit'), [])
    })

    it('with --skip-bad the others are planned', async () => {
      const args = ['--template', 'plan', '--campaign', 'fit', '--yes', '--skip-bad', '--json']
      const said = await csv(PLANS, ...args)
      assert.equal(said.code, 0, said.err)
      assert.deepEqual([jsonOf<Outcome>(said).planned, jsonOf<Outcome>(said).leftOut], [1, 4])
      assert.deepEqual(
        (await messages('fit')).map(({ customer }) => customer.externalId),
        ['C-1'],
      )
    })

    it('every channel that may be tried is looked at', async () => {
      folder.write('templates/mail.liquid', 'Hello')
      folder.write('templates/mail.email.liquid', '---\nsubject: About {{ data.plan }}\n---\nHello')
      const args = ['--template', 'mail', '--yes', '--json']
      assert.equal((await csv('externalId\nC-1\n', ...args)).code, 0)
      const said = await csv('externalId,email\nC-1,a@example.com\n', ...args)
      assert.equal(said.code, 1)
      assert.match(jsonOf<Outcome>(said).unrenderable[0]?.reason ?? '', /^mail\.email\.liquid: .*data\.plan/)
    })
  })

  describe('who can be reached', () => {
    it('by how they are looked up, and with a session only by their contact', async () => {
      const rows = 'externalId,email\nC-1,\n,a@example.com\n'
      const byEmail = jsonOf<Outcome>(
        await csv(rows, '--find-by', 'email', '--template', 'mail', '--skip-bad', '--yes', '--json'),
      )
      assert.deepEqual(
        byEmail.unreachable.map(({ line }) => line),
        [2],
      )
      const args = ['--find-by', 'externalId', '--channels', 'email', '--require-session', '30d', '--yes']
      const session = await csv(rows, ...args)
      assert.equal(session.code, 1)
      assert.match(session.out, /^Left out +2 whom no channel can reach: lines 2, 3$/m)
      assert.match(session.out, /^Only to +customers with a web messaging session of the last 30d$/m)
      assert.match(session.err, /nobody to send to/)
    })

    it('a pause that would hold it is said', async () => {
      const pause = { scope: 'route', name: 'send', code: 'operator', reason: 'a test', forMs: null } as const
      const { id } = await ledger.pause({ ...pause, probes: 0, by: 'ada' })
      const said = await csv('email,name\na@example.com,A\n', '--yes')
      assert.match(said.out, /^Paused +route send · a test$/m)
      await ledger.resume(id, 'ada')
      assert.doesNotMatch((await csv('email,name\na@example.com,A\n', '--yes')).out, /^Paused/m)
    })
  })

  describe('one customer', () => {
    const ada = ['--external-id', 'C-1', '--email', 'ada@example.com', '--name', 'Ada', '--locale', 'de-AT']
    const say = ['--template', 'greet', '--channels', 'email', '--yes']

    it('under a name once, without one each time', async () => {
      const first = await run(...ada, '--timezone', 'Europe/Vienna', ...say, '--campaign', 'hello', '--json')
      assert.equal(first.code, 0, first.err)
      const again = await run(...ada, ...say, '--campaign', 'hello')
      assert.match(again.out, /^0 planned, 1 known already, 0 left out\.$/m)
      const [message] = await messages('hello')
      assert.deepEqual(message?.customer, {
        externalId: 'C-1',
        email: 'ada@example.com',
        name: 'Ada',
        locale: 'de-AT',
        timezone: 'Europe/Vienna',
      })
      const unnamed = jsonOf<Outcome>(await run(...ada, ...say, '--json'))
      assert.match(unnamed.campaign, /^by-hand-\d{8}T\d{9}Z$/)
      assert.equal(unnamed.planned, 1)
    })

    it('with what the template reads', async () => {
      const data = ['--data', 'order.number=4711', '--data', 'order.total=a=b', '--data', 'to-pay= 0 ']
      const said = await run(
        '--external-id',
        'C-1',
        ...data,
        '--template',
        'order',
        '--channels',
        'webmessaging',
        '--yes',
        '--json',
      )
      assert.equal(said.code, 0, said.err)
      const [event] = await ledger.reads.events({ type: `send.${jsonOf<Outcome>(said).campaign}`, limit: 1 })
      const { customer, ...rest } = JSON.parse(event?.raw.toString() ?? '').data
      assert.deepEqual(
        [customer, rest],
        [{ id: 'C-1' }, { order: { number: '4711', total: 'a=b' }, 'to-pay': '0' }],
      )
    })

    it('whom nothing reaches: why, and nothing is planned', async () => {
      const said = await run('--external-id', 'C-1', ...say)
      assert.equal(said.code, 1)
      assert.match(said.out, /^Left out +1 whom no channel can reach: email: no email$/m)
      assert.match(said.err, /nobody to send to/)
    })

    it('whom the template does not fit', async () => {
      const said = await run('--email', 'ada@example.com', ...say, '--campaign', 'unnamed')
      assert.equal(said.code, 1)
      assert.match(said.out, /^! greet\.liquid: undefined variable: customer\.name\./m)
      assert.deepEqual(await messages('unnamed'), [])
    })
  })

  describe('asking', () => {
    const file = folder.write('asked.csv', 'email,name\na@example.com,A\nb@example.com,B\n')
    const options = (campaign: string, rest: Partial<SendOptions> = {}): SendOptions => ({
      csv: file,
      campaign,
      template: 'greet',
      channels: ['email'],
      findBy: IDENTIFIERS,
      expireAfter: 3_600_000,
      ...rest,
    })
    const asked = async (answer: string | null, wanted: SendOptions) => {
      const [out, err] = [sink(), sink()]
      const input = Object.assign(Readable.from(answer === null ? [] : [answer]), { isTTY: true })
      const terminal = { out: out.stream, err: Object.assign(err.stream, { isTTY: true }) }
      try {
        const well = await send(variables, wanted, terminal, input)
        return { well, out: out.text(), err: err.text(), error: null }
      } catch (error) {
        assert.ok(error instanceof PostriderError)
        return { well: false, out: out.text(), err: err.text(), error }
      }
    }

    for (const answer of ['Y\n', 'yes\n']) {
      it(`${JSON.stringify(answer)} goes on`, async () => {
        const name = `asked-${answer.trim()}`
        const { well, out, err } = await asked(answer, options(name))
        assert.ok(well)
        assert.match(err, /Send to 2 customers\? \[y\/N\] /)
        assert.match(out, /^2 planned/m)
        assert.equal((await messages(name)).length, 2)
      })
    }

    for (const answer of ['\n', 'yesterday\n', null]) {
      it(`${JSON.stringify(answer)} plans nothing`, async () => {
        const { error } = await asked(answer, options('no'))
        assert.match(error?.message ?? '', /^Nothing was planned\.$/)
        assert.deepEqual(await messages('no'), [])
      })
    }

    it('with --json the question and what it is about go beside the object', async () => {
      const { out, err } = await asked('y\n', options('asked-json', { json: true, shadow: true }))
      assert.equal((JSON.parse(out) as Outcome).planned, 2)
      assert.match(err, /^Campaign +asked-json · SHADOW$/m)
      assert.match(err, /Plan for 2 customers\? \[y\/N\] /)
    })

    it('where nobody can be asked: 2, and nothing is planned', async () => {
      const said = await csv('email,name\na@example.com,A\n', '--campaign', 'unasked')
      assert.equal(said.code, 2)
      assert.match(said.err, /--yes/)
      assert.deepEqual(await messages('unasked'), [])
    })
  })

  describe('what is refused', () => {
    const broken: [string, string | Buffer, RegExp][] = [
      ['an empty file', '', /is empty/],
      [
        'no header',
        'C-1,ada@example.com\nC-2,b@example.com\n',
        /first line must name the columns.*externalId, email or phone/,
      ],
      [
        'a header without an identifier',
        'name,locale\nAda,en\n',
        /one of them must be externalId, email or phone/,
      ],
      [
        'a column twice',
        'email,E-Mail\na@example.com,b@example.com\n',
        /line 1: the column email stands there twice/,
      ],
      ['a column without a name', 'email,,plan\na@example.com,x,y\n', /line 1: column 2 has no name/],
      ['a column customer', 'email,customer\na@example.com,x\n', /nothing can be named customer/],
      [
        'a column in another',
        'email,order.number,order\na@example.com,1,2\n',
        /line 1: order and order\.number exclude/,
      ],
      ['a column customer.id', 'email,customer.id\na@example.com,x\n', /nothing can be named customer/],
      ['a column with a gap', 'email,order..number\na@example.com,x\n', /order\.\.number is no name/],
      ['a column as deep as a well', `email,${'a.'.repeat(9)}a\na@example.com,x\n`, /more than 8 parts/],
      [
        'rows of other lengths',
        'email,name\na@example.com,A\nb@example.com\nc@example.com,C,D\n',
        /2 columns.*: line 3 has 1, line 4 has 3\./,
      ],
      [
        'a quote that is not closed',
        'email,name\na@example.com,A\n"b@example.com,B\nc@example.com,C\n',
        /line 3 or after: a double quote is opened/,
      ],
      [
        'a quote inside a value',
        'email,name\na@example.com,A "B" C\n',
        /line 2: a double quote stands inside/,
      ],
      ['a quote that ends early', 'email,name\na@example.com,"A" B\n', /line 2: a double quote ends before/],
      ['another encoding', Buffer.from('email,name\na@example.com,Zo\xe9\n', 'latin1'), /not UTF-8/],
      ['a header alone', 'email,name\n', /nobody to send to/],
    ]
    for (const [name, content, words] of broken) {
      it(`${name}: 1, and no row is quoted`, async () => {
        const file = folder.write('broken.csv', content as string)
        const said = await run(
          '--csv',
          file,
          '--template',
          'greet',
          '--channels',
          'email',
          '--campaign',
          'broken',
          '--yes',
        )
        assert.equal(said.code, 1)
        assert.match(said.err, words)
        assert.doesNotMatch(said.err, /example\.com|^\s+at /m)
        assert.deepEqual(await messages('broken'), [])
      })
    }

    const one = ['--email', 'a@example.com', '--name', 'A']
    const greet = ['--template', 'greet', '--channels', 'email']
    const failures: [string, readonly string[], number, RegExp][] = [
      [
        'an unknown template',
        [...one, '--template', 'greeet', '--channels', 'email'],
        1,
        /no template greeet\. There are: greet/,
      ],
      [
        'a channel without its block',
        [...one, '--template', 'greet', '--channels', 'email,sms'],
        1,
        /sms needs genesys\.sms/,
      ],
      ['data without a value', [...one, ...greet, '--data', 'plan'], 2, /a name, = and a value/],
      ['data twice', [...one, ...greet, '--data', 'a=1', '--data', 'a=2'], 2, /a is given twice/],
      ['data in data', [...one, ...greet, '--data', 'a=1', '--data', 'a.b=2'], 2, /a and a\.b exclude/],
      [
        'data beside a file',
        ['--csv', 'x.csv', '--campaign', 'x', ...greet, '--data', 'a=1'],
        2,
        /either one customer/,
      ],
      [
        'no such file',
        ['--csv', 'nowhere.csv', '--campaign', 'x', '--template', 'greet', '--channels', 'email'],
        1,
        /nowhere\.csv/,
      ],
      [
        'nobody named',
        ['--template', 'greet', '--channels', 'email', '--name', 'A'],
        2,
        /--external-id, --email or --phone, or a file/,
      ],
      [
        'one and a file',
        [...one, '--csv', 'x.csv', '--campaign', 'x', '--template', 'greet', '--channels', 'email'],
        2,
        /either one customer/,
      ],
      [
        'a file without a campaign',
        ['--csv', 'x.csv', '--template', 'greet', '--channels', 'email'],
        2,
        /--campaign NAME/,
      ],
      ['no template', [...one, '--channels', 'email'], 2, /--template/],
      ['no channels', [...one, '--template', 'greet'], 2, /--channels/],
      ['an unknown channel', [...one, '--template', 'greet', '--channels', 'email,fax'], 2, /webmessaging/],
      ['a channel twice', [...one, '--template', 'greet', '--channels', 'email,email'], 2, /at most once/],
      [
        'an unknown identifier',
        [...one, '--template', 'greet', '--channels', 'email', '--find-by', 'name'],
        2,
        /externalId/,
      ],
      [
        'a campaign that is no name',
        [...one, '--template', 'greet', '--channels', 'email', '--campaign', 'a b'],
        2,
        /letters, digits/,
      ],
      [
        'a session without an end',
        [...one, '--template', 'greet', '--channels', 'email', '--require-session', '0d'],
        2,
        /duration/,
      ],
    ]
    for (const [name, args, code, words] of failures) {
      it(`${name}: ${code}`, async () => {
        const said = await run(...args)
        assert.deepEqual([said.code, said.out], [code, ''])
        assert.match(said.err, words)
        assert.doesNotMatch(said.err, /^\s+at /m)
      })
    }

    it('no ledger: where it was looked for', async () => {
      const elsewhere = { ...variables, DATABASE_URL: `sqlite:${join(folder.path, 'none.db')}` }
      const said = await command(
        ['send', ...one, '--template', 'greet', '--channels', 'email', '--yes'],
        elsewhere,
      )
      assert.equal(said.code, 1)
      assert.match(said.err, /no ledger at .*none\.db/)
    })
  })
})

describe('send beside a running service', () => {
  const folder = temporaryFolder()
  let demo: DemoService
  before(async () => {
    demo = await startDemoService(folder)
  })
  after(async () => {
    await demo.service.stop()
    folder[Symbol.dispose]()
  })

  it('the customers of the example file get it once, each over the first channel that reaches them', async () => {
    const words = ['send', '--csv', join(ROOT, 'examples/demo/customers.csv'), '--campaign', 'reminders']
    const args = [...words, '--template', 'appointment-reminder', '--channels', 'webmessaging,email', '--yes']
    for (const count of [/^3 planned, 0 known already, 2 left out\.$/m, /^0 planned, 3 known already/m]) {
      const said = await command(args, demo.variables)
      assert.equal(said.code, 0, said.err)
      assert.match(said.out, count)
    }
    const messages = await demo.settled()
    assert.deepEqual(
      messages
        .map(({ state, channel, customer }) => [state, channel, customer.externalId ?? customer.email])
        .sort(),
      [
        ['sent', 'email', 'carla@example.com'],
        ['sent', 'webmessaging', 'C-1001'],
        ['sent', 'webmessaging', 'C-1002'],
      ],
    )
    const [attempt] = await demo.service.ledger.reads.attempts(
      messages.find(({ customer }) => customer.externalId === 'C-1001')?.id ?? 0,
    )
    assert.equal(
      attempt?.rendered.text,
      'Ada Example, a reminder of your appointment on 01 December, 10:00 with Dr. Ruiz. Answer here if you cannot come.',
    )
  })
})
