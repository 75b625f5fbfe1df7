import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Identity } from '../ledger/postgres/binaries.ts'

/** A file system of some megabytes, which can be filled to its last byte. */
export type SmallDisk = { folder: string; fill(): void; free(): void; remove(): void }

/** `as`: whoever may write in it. Null: nobody may mount one here, as on most machines only root may. */
export function smallDisk(megabytes: number, as: Identity = null): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-small-disk-'))
  const owner = as ? `,uid=${as.uid},gid=${as.gid}` : ''
  const options = `size=${megabytes}m,mode=0700${owner}`
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' }).status !== 0) {
    rmSync(folder, { recursive: true })
    return null
  }
  const filling = join(folder, 'filling')
  return {
    folder,
    fill() {
      const file = openSync(filling, 'w')
      for (const size of [65_536, 4_096]) while (takes(file, size));
      closeSync(file)
    },
    free: () => rmSync(filling),
    remove() {
      execFileSync('umount', [folder])
      rmSync(folder, { recursive: true })
    },
  }
}

function takes(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}
