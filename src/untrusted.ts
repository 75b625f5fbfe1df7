import { isSupportedCountry } from 'libphonenumber-js'

/** Characters as people count them; each may be several code points. */
const LONGEST = 80
/** UTF-16 code units: a character may carry as many marks as its author likes. */
const LONGEST_UNITS = 4 * LONGEST

/**
 * Text that a stranger can type into a form, such as a name, before it reaches a customer's phone in the operator's own words: at most 80 characters on
 * one line, without web and mail addresses and without what is not seen. A point between two words, of which a phone might make a link, becomes a
 * blank. Composed (NFC), blanks collapsed and trimmed; empty where nothing is left. What it answers it leaves as it is.
 */
export function harmless(text: string): string {
  // What one step takes away may have hidden something from the one before.
  const cleaned = shortened(withoutAddresses(onOneLine(withoutUnseen(text.normalize('NFC')))))
  return cleaned === text ? text : harmless(cleaned)
}

/** Lone surrogates, marks that reorder, fillers, tags and all else without width. */
const UNSEEN = /[\p{Cs}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu

const JOINED = String.raw`[\p{sc=Arabic}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Gurmukhi}\p{sc=Gujarati}\p{sc=Oriya}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Kannada}\p{sc=Malayalam}\p{sc=Sinhala}]`
/** What gives letters their shape: a joiner within a word of a script that has them, the variant of an ideograph. */
const SHAPING = new RegExp(
  String.raw`(?<=${JOINED})[\u200C\u200D](?=${JOINED})|(?<=[\p{Ideographic}\p{sc=Mongolian}])\p{Variation_Selector}`,
  'gu',
)

function withoutUnseen(text: string): string {
  const shaping = new Set([...text.matchAll(SHAPING)].map(({ index }) => index))
  return text.replace(UNSEEN, (unseen, at: number) => (shaping.has(at) ? unseen : ''))
}

/** U+2800 is braille without a dot. */
function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\u2800]+/gu, ' ').trim()
}

const LETTER = String.raw`[\p{L}\p{N}\p{M}_-]`
/** With those that browsers read as one. */
const POINT = String.raw`[.\u2024\u3002\uFE52\uFF0E\uFF61]`
const HOST = `(?<!${LETTER}|${POINT})${LETTER}+(?:${POINT}${LETTER}+)*`

/** Where an address begins that cannot be anything else, within a word. */
const ADDRESS = new RegExp(
  [
    String.raw`(?<![a-z\d+.-])[a-z\d+.-]*:\/\/`,
    `(?<!${LETTER})(?:mailto|tel|sms|data|javascript|whatsapp|tg):.`,
    String.raw`(?<!${LETTER})www\d*${POINT}.`,
    String.raw`(?<!\S)\S+@${LETTER}+${POINT}${LETTER}`,
    // A path, a port or a query after a host.
    String.raw`${HOST}${POINT}${LETTER}{2,}(?::\d|[/\\?#])`,
    String.raw`(?<!\d)\d+(?:${POINT}\d{1,3}){3}`,
  ].join('|'),
  'iu',
)

/** A host alone, its ending in small letters; what stands before it is longer than the initials and titles of names. */
const BARE = new RegExp(`${HOST}(?<=${LETTER}{3})${POINT}([a-z]{2,})(?!${LETTER})`, 'u')

/** Those that are met most, beside the countries', and the one that is kept for examples (RFC 2606). */
const ENDINGS: ReadonlySet<string> = new Set(
  'com net org info biz app dev xyz top icu vip pro mobi online site website shop store club click link live uk eu example'.split(
    ' ',
  ),
)

/** Phones make a link of any two words with a point between them whose second ends some host, which is nearly any word by now. */
const LINKING = new RegExp(String.raw`(?<=\S)(?<!${POINT})${POINT}+(?=[\p{L}\p{N}][\p{L}\p{N}\p{M}])`, 'gu')

function withoutAddresses(line: string): string {
  return line
    .split(' ')
    .map((word) => beforeAddress(word).replace(LINKING, ' '))
    .filter((word) => word !== '')
    .join(' ')
}

/** A word up to the address in it; of a word that only bracketed one, nothing. */
function beforeAddress(word: string): string {
  const bare = BARE.exec(word)
  const ending = bare?.[1] ?? ''
  const isHost = ENDINGS.has(ending) || (ending.length === 2 && isSupportedCountry(ending.toUpperCase()))
  const starts = [ADDRESS.exec(word)?.index, isHost ? bare?.index : undefined].filter(
    (at) => at !== undefined,
  )
  if (starts.length === 0) return word
  const before = word.slice(0, Math.min(...starts))
  return /[\p{L}\p{N}]/u.test(before) ? before : ''
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

function shortened(text: string): string {
  let end = 0
  let count = 0
  for (const { index, segment } of segmenter.segment(text)) {
    if (count === LONGEST || index + segment.length > LONGEST_UNITS) break
    count += 1
    end = index + segment.length
  }
  return text.slice(0, end).trimEnd()
}
