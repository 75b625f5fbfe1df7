import { notAsked } from './answer.ts'

/** What ids of Genesys are made of, and more; no part of a path that means something else than a name. */
const ID = /^[\w-][\w.:=+~-]{0,254}$/

/** Refuses an id that cannot go into a path; null where it can. The SDK encodes it, but `..` stays itself, and a proxy may undo a slash. */
export function badId(id: string) {
  return ID.test(id) ? null : notAsked('not asked: this is no id of Genesys Cloud')
}
