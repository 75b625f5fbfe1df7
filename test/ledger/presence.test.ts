import assert from 'node:assert/strict'
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { PostriderError } from '../../src/errors.ts'
import { openDatabase } from '../../src/ledger/sqlite/database.ts'
import { assertStillThere, fileIsStill, identityOf } from '../../src/ledger/sqlite/presence.ts'

describe('the presence of a ledger', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-presence-'))
    file = join(folder, 'ledger.db')
    writeFileSync(file, 'one')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function assertGone(identity: ReturnType<typeof identityOf>, words: RegExp): void {
    assert.equal(fileIsStill(file, identity), false)
    assert.throws(
      () => assertStillThere(file, identity),
      (error) => {
        assert.ok(error instanceof PostriderError)
        assert.equal(error.code, 'LEDGER_UNAVAILABLE')
        assert.ok(
          error.message.startsWith(`The ledger ${file} was deleted or replaced while the service ran`),
        )
        assert.match(error.message, words)
        assert.match(error.message, /restart Postrider/)
        return true
      },
    )
  }

  it('is the file, however it is written to, and also where it has a second name', () => {
    const identity = identityOf(file)
    writeFileSync(file, 'two, and longer')
    linkSync(file, join(folder, 'second'))
    assert.equal(fileIsStill(file, identity), true)
    assertStillThere(file, identity)
  })

  it('lasts while SQLite works on it', () => {
    rmSync(file)
    const db = openDatabase(file)
    const identity = identityOf(file)
    db.exec('CREATE TABLE a (b); INSERT INTO a VALUES (1); PRAGMA wal_checkpoint(TRUNCATE); VACUUM')
    assertStillThere(file, identity)
    db.close()
    assertStillThere(file, identity)
  })

  it('a file that is deleted is not there, though its second name is', () => {
    linkSync(file, join(folder, 'second'))
    const identity = identityOf(file)
    rmSync(file)
    assertGone(identity, /nothing is at its path/)
  })

  it('a file that is replaced is another, also by a copy of itself', () => {
    const identity = identityOf(file)
    copyFileSync(file, join(folder, 'copy'))
    renameSync(join(folder, 'copy'), file)
    assertGone(identity, /another file is at its path/)
  })

  it('a folder in its place is another', () => {
    const identity = identityOf(file)
    renameSync(file, join(folder, 'moved'))
    mkdirSync(file)
    assertGone(identity, /another file is at its path/)
    rmSync(file, { recursive: true })
    renameSync(join(folder, 'moved'), file)
    assertStillThere(file, identity)
  })

  it('its folder is moved away: not there, until it is back', () => {
    const inside = join(folder, 'data')
    mkdirSync(inside)
    file = join(inside, 'ledger.db')
    writeFileSync(file, 'one')
    const identity = identityOf(file)
    renameSync(inside, join(folder, 'away'))
    assertGone(identity, /nothing is at its path/)
    writeFileSync(inside, 'a file where the folder was')
    assertGone(identity, /nothing is at its path/)
    rmSync(inside)
    renameSync(join(folder, 'away'), inside)
    assertStillThere(file, identity)
  })

  it('a link that leads elsewhere now is another', () => {
    const link = join(folder, 'link')
    symlinkSync(file, link)
    writeFileSync(join(folder, 'other'), 'other')
    file = link
    const identity = identityOf(file)
    assertStillThere(file, identity)
    rmSync(link)
    symlinkSync(join(folder, 'other'), link)
    assertGone(identity, /another file is at its path/)
  })

  it('has no identity where nothing is', () => {
    assert.throws(() => identityOf(join(folder, 'none')), { code: 'LEDGER_UNAVAILABLE' })
  })
})
