import type { Channel } from '../message.ts'

/** What stands in a file before its form is checked: anything may stand anywhere. */
export type Block = Readonly<Record<string, unknown>>

/** A route as it stands, and where to say what is wrong with it. */
export type WrittenRoute = {
  route: Block
  /** Those of its channels that there are, each once. */
  channels: readonly Channel[]
  problem(key: string, message: string): void
  warning(key: string, message: string): void
  /** Whether a variable of the value at this path within the route is not set: what it comes to is not known here. */
  isUnset(...path: readonly PropertyKey[]): boolean
  /** Whether something of that value came from the environment, where it may be a secret: it is quoted nowhere. */
  isFromEnvironment(...path: readonly PropertyKey[]): boolean
}

export function blockOf(value: unknown): Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Block) : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Of a list, the words that are among these: what else stands in it may be a secret, and is named nowhere. */
export function wordsOf<Word extends string>(value: unknown, words: readonly Word[]): Word[] {
  return [...new Set(listOf(value).flatMap((one) => words.find((word) => word === one) ?? []))]
}

/** What there is instead of what was named. */
export function thereAre(names: readonly string[]): string {
  return `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`
}
