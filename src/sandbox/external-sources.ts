import { invalidField } from './errors.ts'
import type { Org } from './org.ts'

const PATH = '/api/v2/externalcontacts/externalsources'
const LIMIT = { least: 10, most: 200, usual: 100 }

/**
 * `GET /api/v2/externalcontacts/externalsources`: a page of them. As its description has it, each page comes with a new cursor, so also the last,
 * after which there is an empty one.
 */
export function listExternalSources(query: URLSearchParams, org: Org) {
  const limit = limitOf(query)
  const start = startOf(query, org.externalSources.size)
  const prefix = query.get('name') ?? ''
  const active = query.get('active')
  if (active !== null && active !== 'true' && active !== 'false') {
    throw invalidField('active', 'must be a boolean.')
  }
  const entities = [...org.externalSources]
    .map(([id, name]) => ({ id, name, active: true, selfUri: `${PATH}/${id}` }))
    .filter((source) => source.name.startsWith(prefix) && active !== 'false')
    .slice(start, start + limit)
  return { entities, selfUri: PATH, cursors: { after: cursorOf(start + entities.length) } }
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit')
  const limit = text === null ? LIMIT.usual : Number(text)
  if (Number.isInteger(limit) && limit >= LIMIT.least && limit <= LIMIT.most) return limit
  throw invalidField('limit', `must be between ${LIMIT.least} and ${LIMIT.most}.`)
}

function cursorOf(start: number): string {
  return Buffer.from(`after ${start}`).toString('base64')
}

function startOf(query: URLSearchParams, most: number): number {
  const cursor = query.get('cursor')
  if (cursor === null) return 0
  const start = Number(/^after (\d+)$/.exec(Buffer.from(cursor, 'base64').toString())?.[1])
  if (start <= most) return start
  throw invalidField('cursor', 'is not one that was given.')
}
