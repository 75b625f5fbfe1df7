import { shownAs } from '../config/response.ts'
import type { Rendered } from '../message.ts'
import { print, printText, type Terminal } from './output.ts'

/** What a customer is sent: of an email its subject, on whatsapp the response with what is filled in; then the text. */
export function printRendered(
  { subject, whatsapp, text }: Pick<Rendered, 'subject' | 'whatsapp' | 'text'>,
  terminal: Terminal,
): void {
  if (subject !== undefined) print(terminal, `subject   ${subject}`)
  if (whatsapp) {
    print(terminal, `response  ${whatsapp.responseId}`)
    for (const { id, value } of whatsapp.header) print(terminal, `header    ${id}: ${value}`)
    for (const { id, value } of whatsapp.body) print(terminal, `body      ${id}: ${value}`)
    // Without a text of its own the text says the same.
    if (text === shownAs(whatsapp)) return
  }
  print(terminal, '')
  printText(terminal, text)
}
