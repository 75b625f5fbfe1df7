import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { harmless } from '../src/untrusted.ts'

/** Names that are what they are before and after. */
const NAMES = [
  'Ada',
  'St. John',
  'J.R. Smith',
  'J. R. R. Tolkien',
  'Mr. T',
  'Ph.D.',
  'Sammy Davis, Jr.',
  'Martin Luther King Jr.',
  'Hans-J. Meier',
  'K.-H. Schmidt',
  'Dr. med. Ute Müller-Lüdenscheidt',
  "Conan O'Brien",
  'Beverly D’Angelo',
  'Erik K:son Lindberg',
  'S:t Eriks',
  'Anna - Maria',
  'Ångström & Söhne GmbH & Co. KG',
  'Acme e.V.',
  'Smith/Jones',
  'María José Ñúñez',
  'Nguyễn Thị Minh Khai',
  'Łukasz Żółć',
  'Björk Guðmundsdóttir',
  'Gül Şahin',
  'X Æ A-12',
  'Владимир Ильич',
  'Ѓорѓи',
  'Ἀριστοτέλης',
  'Գագիկ',
  'გიორგი',
  '山田太郎',
  '葛\u{E0100}城',
  '王小明',
  '维克多·雨果',
  '김철수',
  'สมชาย ใจดี',
  'អង្គរ',
  'မောင်မောင်',
  'ཀརྨ་པ',
  'محمد بن سلمان',
  'علی\u200Cرضا',
  'יוסף כהן',
  'שָׂרָה',
  'अमिताभ बच्चन',
  'क्\u200Dषमा',
  'க. அன்பழகன்',
  'ශ්\u200Dරී ලාල්',
  'ജോൺ',
  'ᠴᠢᠩᠭᠢᠰ',
  'Ọlúṣẹ́gun',
  'Zoë 👋🏽',
  '😀',
]

describe('ordinary names stay what they are', () => {
  for (const name of NAMES) test(name, () => assert.equal(harmless(name), name.normalize('NFC')))
})

describe('what is taken away', () => {
  const cases: [string, string][] = [
    // With a scheme, or what phones take for one.
    ['Ada http://evil.example/win now', 'Ada now'],
    ['Ada,HTTPS://1.1.1.1', 'Ada,'],
    ['(https://evil.example)', ''],
    ['x1http://evil', ''],
    ['mailto:ada', ''],
    ['tel:+49301234567', ''],
    ['javascript:alert(1)', ''],
    // Without.
    ['www.evil.example', ''],
    ['Ada WWW.Evil', 'Ada'],
    ['Ada evil.example/path', 'Ada'],
    ['Ada evil.example', 'Ada'],
    ['Evil.Example/Path', ''],
    ['t.me/evil', ''],
    ['evil.museum:8080', ''],
    ['evil.museum?a', ''],
    ['bit.ly', ''],
    ['evil.co.uk', ''],
    ['evil.com,', ''],
    ['xn--80ak6aa92e.com', ''],
    ['пример.рф/путь', ''],
    ['10.0.0.1', ''],
    ['Ada10.0.0.1', 'Ada'],
    ['ada@evil.museum', ''],
    ['Ada <ada@evil.museum>', 'Ada'],
    // Hidden from one who looks for addresses, not from a phone.
    ['ev\u200Bil.com', ''],
    ['evil\u00AD.com', ''],
    ['h\u2060ttp://evil', ''],
    ['evil\uFF0Ecom', ''],
    ['evil\u3002com', ''],
    // A point that could be that of an address is not left between two words.
    ['Evil.Com', 'Evil Com'],
    ['EVIL.COM', 'EVIL COM'],
    ['evil.museum', 'evil museum'],
    ['зло.рф', 'зло рф'],
    ['evil..com', 'evil com'],
    ['i❤.ws', 'i❤ ws'],
    ['J.R.Smith', 'J.R Smith'],
    ['St.John', 'St John'],
    ['Müller GmbH & Co.KG', 'Müller GmbH & Co KG'],
    // Lines, and what is not seen.
    ['Ada\nLovelace', 'Ada Lovelace'],
    ['Ada\r\n\r\n\u2028\u2029\u0085\u000B Lovelace', 'Ada Lovelace'],
    ['\u001B[31mAda\u0000', '[31mAda'],
    ['Ada \u202Eecalevol\u202C \u2066x\u2069\u200E\u200F\u061C', 'Ada ecalevol x'],
    ['A\u200Bd\u200Ca\u200D\uFEFF\u2060\u180E\u034F', 'Ada'],
    ['\u3164\u115F\u1160\u2800', ''],
    ['Ada\u{E0041}\u{E007F}', 'Ada'],
    ['Ada\uD83D', 'Ada'],
    ['\uDE00Ada\uFFFF', 'Ada'],
    ['علی \u200Cرضا\u200C', 'علی رضا'],
    ['\u3000 山田\u3000 太郎\u00A0', '山田 太郎'],
    ['  \t ', ''],
    ['', ''],
    // Composed.
    ['Ame\u0301lie', 'Am\u00E9lie'],
  ]
  for (const [text, left] of cases)
    test(`${JSON.stringify(text)} → ${JSON.stringify(left)}`, () => assert.equal(harmless(text), left))
})

describe('80 characters', () => {
  test('and no more', () => {
    assert.equal(harmless('x'.repeat(80)), 'x'.repeat(80))
    assert.equal(harmless('x'.repeat(81)), 'x'.repeat(80))
    assert.equal(harmless(`${'x'.repeat(79)} y`), 'x'.repeat(79))
  })

  test('as people count them', () => {
    for (const character of ['😀', '👋🏽', '🇩🇪', 'नि', '각'])
      assert.equal(harmless(character.repeat(100)), character.repeat(80))
  })

  test('a character without end is none', () => assert.equal(harmless(`x${'\u0323'.repeat(5_000)}`), ''))

  test('what is cut does not become an address', () => {
    const text = `${'x'.repeat(72)} evil.community`
    assert.equal(harmless(text), `${'x'.repeat(72)} evil co`)
  })
})

/** What somebody could type who wants to be clicked. */
const pieces = fc.oneof(
  fc.constantFrom(
    ...[
      'http',
      'https',
      'HTTP',
      '://',
      ':',
      '/',
      '//',
      'www.',
      'evil',
      'bit',
      'com',
      '.com',
      '.ly',
      '.co.uk',
      '.',
      '..',
      '.рф',
    ],
    ...[
      '@',
      '1.2.3.4',
      '\u3002',
      '\uFF0E',
      ' ',
      '\n',
      '\u200B',
      '\u200D',
      '\u202E',
      '\uFEFF',
      '\u00AD',
      '\u0301',
      '\uD83D',
    ],
    ...[
      'mailto:',
      'tel:',
      '?a=b',
      '#x',
      ':80',
      '(',
      ')',
      ',',
      '-',
      '_',
      'J.R.',
      'St.',
      'क्',
      'علی',
      '葛',
      '\u{E0100}',
      '👋🏽',
    ],
  ),
  fc.constantFrom(...NAMES),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const typed = fc.array(pieces, { maxLength: 60 }).map((some) => some.join(''))

describe('whatever is typed', () => {
  const holds = (property: (left: string, text: string) => void) =>
    fc.assert(
      fc.property(typed, (text) => property(harmless(text), text)),
      { numRuns: 3_000 },
    )
  const points = (text: string) => [...text].length
  const characters = (text: string) => [...new Intl.Segmenter().segment(text)].length

  test('what is left stays as it is', () => holds((left) => assert.equal(harmless(left), left)))

  test('it never gets longer', () =>
    holds((left, text) => {
      assert.ok(points(left) <= points(text.normalize('NFC')))
      assert.ok(characters(left) <= 80 && left.length <= 320)
    }))

  test('nothing is left that a phone makes a link of', () =>
    holds((left) => {
      assert.doesNotMatch(left, /:\/\/|\d\.\d+\.\d+\.\d|(?<![\p{L}\p{M}\p{N}_-])(?:www\.|mailto:|tel:)\S/iu)
      assert.doesNotMatch(left, /[^\s.\u3002\uFF0E][.\u3002\uFF0E][\p{L}\p{N}][\p{L}\p{N}\p{M}]/u)
    }))

  test('it is one line of whole characters, all of them seen', () =>
    holds((left) => {
      assert.ok(left.isWellFormed())
      assert.equal(left, left.trim().normalize('NFC'))
      assert.doesNotMatch(left, /\p{Cc}|\p{Bidi_Control}|[\u200B\u2060\uFEFF\u00AD]|[^\S ]| {2}/u)
      // A joiner only where it shapes letters, which Latin ones are not.
      assert.doesNotMatch(left, /[\p{sc=Latin}\s][\u200C\u200D]|[\u200C\u200D](?:[\p{sc=Latin}\s]|$)/u)
    }))

  test('what is long is gone through once', () => {
    for (const piece of [
      'a',
      'a.',
      '@a',
      'a@',
      '.',
      '1.',
      'a-',
      '\u0301',
      'http',
      'a.b@',
      'ab.ab/',
      'a ',
      '\u200C',
    ])
      holdsIn(2_000, () => harmless(piece.repeat(50_000)))
  })
})

/** Milliseconds, many times what it takes: what grows with the square takes minutes. */
function holdsIn(ms: number, work: () => void) {
  const begun = performance.now()
  work()
  assert.ok(performance.now() - begun < ms)
}
