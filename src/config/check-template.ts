import { CHANNELS } from '../message.ts'
import type { Templates } from './config.ts'
import { RESPONSE_FORM } from './template-file.ts'
import { thereAre, type WrittenRoute } from './written.ts'

/** `broken`: the names of templates of which a file cannot be used. */
export type CheckedTemplates = Templates & { broken: ReadonlySet<string> }

/** Whether a route's template has for each channel what the channel needs. `shown`: its name as the file has it. */
export function checkTemplate(
  template: string,
  shown: string,
  templates: CheckedTemplates,
  { channels, problem }: WrittenRoute,
): void {
  // A file that cannot be used has its own problem; what the others lack without it is none.
  if (templates.broken.has(template)) return
  const files = templates.files(template)
  if (files.length === 0) {
    problem('template', `there is no template ${shown}; ${thereAre(templates.names)} in templates/`)
    return
  }
  for (const channel of channels) {
    // A file without a channel serves every channel; one of another channel serves none.
    const serves = files.some(
      (file) => !/\.html\.liquid$/.test(file) && channelsIn(file).every((one) => one === channel),
    )
    const file = `${template}.${channel}.liquid`
    if (!serves) {
      problem('template', `${template} has no file for ${channel}: add ${template}.liquid or ${file}`)
    } else if (channel === 'email' && !templates.hasSubject(template)) {
      const message = `${template} has no subject for email: give ${file} a front matter with subject`
      problem('template', message)
    } else if (channel === 'whatsapp' && !templates.hasResponse(template)) {
      const message = `${template} has no response for whatsapp: give ${file} a front matter with ${RESPONSE_FORM}`
      problem('template', message)
    }
  }
}

function channelsIn(file: string): string[] {
  return file
    .split('.')
    .slice(1)
    .filter((part) => CHANNELS.some((channel) => channel === part))
}
