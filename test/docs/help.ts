import { main } from '../../src/cli.ts'
import { sink } from './sink.ts'

/** Every command by its words, `messages list`, with its options; the root is the empty text. */
export async function helpOf(words: readonly string[] = []): Promise<Map<string, ReadonlySet<string>>> {
  const help = await said([...words, '--help'])
  const commands = section(help, 'Commands').flatMap((line) => /^ {2}([a-z]+)/.exec(line)?.[1] ?? [])
  const options = section(help, 'Options').flatMap(
    (line) => /^ {2}(?:-\w, )?(--[a-z-]+)/.exec(line)?.[1] ?? [],
  )
  const known = new Map([[words.join(' '), new Set(options)]])
  for (const command of commands.filter((name) => name !== 'help')) {
    for (const [name, its] of await helpOf([...words, command])) known.set(name, new Set(its))
  }
  return known
}

async function said(args: readonly string[]): Promise<string> {
  const { stream, text } = sink()
  await main(['node', 'postrider', ...args], { out: stream, err: stream })
  return text()
}

function section(help: string, title: string): string[] {
  const [, after = ''] = help.split(`\n${title}:\n`)
  return (after.split('\n\n')[0] ?? '').split('\n')
}
