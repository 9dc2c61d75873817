import { environmentName, options, settingText } from '@apsaramq/emulator'

const begin = '<!-- options: written by npm run generate -->'
const end = '<!-- /options -->'

/** Pipes would end a cell of the table. */
const cell = (text: string) => text.replaceAll('|', '\\|')

function optionsTable(): string {
  const rows = options.map(({ flag, value, initial, help }) => {
    const shown = settingText(initial)
    const written = value === undefined ? `--${flag}` : `--${flag} ${value}`
    return `| \`${cell(written)}\` | \`${environmentName(flag)}\` | ${shown === '' || shown === 'false' ? '' : `\`${shown}\``} | ${cell(help)} |`
  })
  return ['| option | environment | default | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** The README with the table of options between its marks. @throws Error where it has no marks */
export function withOptionsTable(readme: string): string {
  const [before, rest] = readme.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`README.md has no "${begin}" … "${end}"`)
  return `${before}${begin}\n${optionsTable()}\n${end}${after}`
}
